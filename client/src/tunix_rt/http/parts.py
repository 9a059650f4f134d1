"""The beginning of a file, kept beside it until it is whole."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from tunix_rt.errors import InUse

try:
    import fcntl
except ImportError:  # not on Windows, where nothing keeps two processes from one file
    fcntl = None  # type: ignore[assignment]

_ETAG = re.compile(r'"([0-9a-f]{32})"')
SUFFIX = ".part"
PIECE_BYTES = 1024 * 1024


class Part:
    """Bytes that came of a file, with the rows that are whole in them.

    The name holds the ETag of what they are the beginning of, so that a later process can go on
    with it. InUse where another process is at it.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._file: BinaryIO | None = None
        self._path = target
        self.etag: str | None = None
        self.size = self.rows = self._lines_end = 0

    def __enter__(self) -> "Part":
        left = max(self._left(), key=lambda found: os.path.getmtime(found[0]), default=None)
        if left is not None:
            self._open(*left)
            while piece := self._opened.read(PIECE_BYTES):
                self._count(piece)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep what can be gone on with."""
        if self._file is None:
            return
        self._file.close()
        if not (self.etag and self.size):
            self._path.unlink(missing_ok=True)

    def start(self, etag: str | None) -> None:
        """Begin anew, with nothing."""
        self.discard()
        named = _ETAG.fullmatch(etag or "")
        name = f"{self._target.name}.{named[1]}" if named else self._target.name
        self._open(self._target.with_name(name + SUFFIX), etag if named else None)
        self._opened.truncate(0)

    def write(self, piece: bytes) -> None:
        self._opened.write(piece)
        self._count(piece)

    def cut(self) -> None:
        """Drop the line that is not whole."""
        self._opened.truncate(self._lines_end)
        self._opened.seek(self._lines_end)
        self.size = self._lines_end

    def finish(self) -> None:
        """Give the file its name: it is whole."""
        self._opened.flush()
        os.fsync(self._opened.fileno())
        self._opened.close()
        self._file = None
        self._path.replace(self._target)

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)
        self.etag = None
        self.size = self.rows = self._lines_end = 0

    def _left(self) -> Iterator[tuple[Path, str]]:
        """Yield the parts of the target with their ETags; a file of another name is not ours."""
        before = f"{self._target.name}."
        if not self._target.parent.is_dir():
            return
        for path in self._target.parent.iterdir():
            if path.name.startswith(before) and path.name.endswith(SUFFIX):
                etag = f'"{path.name[len(before) : -len(SUFFIX)]}"'
                if _ETAG.fullmatch(etag):
                    yield path, etag

    @property
    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("The part was not begun.")
        return self._file

    def _open(self, path: Path, etag: str | None) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        self._file = os.fdopen(descriptor, "r+b")
        self._path, self.etag = path, etag
        if fcntl is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.close()
                self._file = None
                raise InUse(f"{path}: another process is writing it.") from None

    def _count(self, piece: bytes) -> None:
        if count := piece.count(b"\n"):
            self.rows += count
            self._lines_end = self.size + piece.rindex(b"\n") + 1
        self.size += len(piece)
