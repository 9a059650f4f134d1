"""Files as one ZIP stream: nothing is held but a piece, and the same files give the same bytes."""

import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from zipfile import ZIP_DEFLATED, ZipFile

from datasets.compression import GZIP_LEVEL
from tunix_site.api.pieces import in_pieces

# all that the bytes depend on beside the files: times are 1980's, and no owner is named
WRITER = f"zip {GZIP_LEVEL} {zlib.ZLIB_RUNTIME_VERSION} {sys.version_info[0]}.{sys.version_info[1]}"


@dataclass(frozen=True, kw_only=True)
class Written:
    """A file that is in the archive."""

    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file to be written, `pieces` of which are told what was written before.

    `version` names the bytes, given those of the files before it; None where they may change.
    """

    name: str
    version: str | None
    pieces: Callable[[Sequence[Written]], Generator[bytes]]


def whole(name: str, content: str | bytes) -> Entry:
    """Make a file of what is known beforehand."""
    known = content.encode() if isinstance(content, str) else content

    def pieces(_: Sequence[Written]) -> Generator[bytes]:
        yield known

    return Entry(name=name, version=sha256(known).hexdigest(), pieces=pieces)


def zipped(entries: Iterable[Entry]) -> Generator[bytes]:
    """Yield an archive of the files in order; where one breaks off, it has no end."""
    with closing(_chunks(entries)) as chunks:
        yield from in_pieces(chunks)


def _chunks(entries: Iterable[Entry]) -> Generator[bytes]:
    sink = _Sink()
    written: list[Written] = []
    archive = ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=GZIP_LEVEL)
    for entry in entries:
        digest, size = sha256(), 0
        with (
            closing(entry.pieces(written)) as pieces,
            archive.open(entry.name, "w", force_zip64=True) as file,
        ):
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
                yield sink.take()
        written.append(Written(name=entry.name, size=size, sha256=digest.hexdigest()))
    archive.close()
    yield sink.take()


class _Sink:
    """Keeps what is written until it is taken; it cannot seek, so that sizes come behind data."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: there is nowhere to flush it to."""

    close = flush

    def take(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces.clear()
        return taken
