"""Exports kept as files, so that they have a length and can be read from any byte on.

A file is written under another name, behind a lock that ends with its writer, and gets its own
when it is whole. Several processes may share the folder.
"""

import contextlib
import fcntl
import io
import logging
import os
import shutil
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from datasets.export.export import Export
from datasets.models import Dataset
from tunix_site.errors import Unavailable

log = logging.getLogger(__name__)

MIN_FREE_BYTES = 2 * 1024**3  # of the disk, which the database may be on
MAX_FILES = 1_000
STEP_BYTES = 8 * 1024**2  # after which room is looked for anew
WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.1
DRAFT = ".draft"
NOT_KEPT = "An export is not kept as a file: %s"
NOT_OPENED = "A kept export cannot be opened: %s"


class NoRoom(Exception):
    """A file would take more than there may be."""


def path_of(export: Export) -> Path | None:
    """Name the file of an export; None where none is kept.

    That is of what may change, of a rest, and of what would take the room of all others.
    """
    if export.etag is None or export.after or export.expected_bytes >= settings.MAX_EXPORT_BYTES:
        return None
    name = export.etag.strip('"')
    return settings.EXPORTS_DIR / f"{export.dataset.build_id}.{name}"


def opened(path: Path) -> int | None:
    """Open a whole file, which counts as a use; None where it is not there or cannot be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        log.warning(NOT_OPENED, error)
        return None
    with contextlib.suppress(OSError):  # of a folder that is read-only it can be read all the same
        os.utime(descriptor)
    return descriptor


def rendered(export: Export, path: Path) -> int | None:
    """Open the export's file, writing it first where it is missing; None where there is no room.

    While another request writes it, wait; Unavailable after WAIT_SECONDS.
    """
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            draft = _begun(path, "whole")
        except OSError as error:
            log.warning(NOT_KEPT, error)
            return None
        if (file := opened(path)) is not None:
            if draft:
                draft.discard()
            return file
        if draft:
            return _written(draft, export, path)
        if time.monotonic() > until:
            raise Unavailable("The file is still being written; try again later.")
        time.sleep(LOOK_SECONDS)


def _written(draft: "Draft", export: Export, path: Path) -> int | None:
    try:
        with contextlib.closing(export.pieces()) as pieces:
            for piece in pieces:
                draft.write(piece)
        draft.finish()
    except (NoRoom, OSError) as error:
        log.warning(NOT_KEPT, error)
        return None
    finally:
        draft.discard()
    file = opened(path)
    _forget_unless_there(export, path)
    return file


class Kept:
    """Pieces of an export on their way to a client, of which a file is written beside.

    Each is written when the client has got it. The file is finished when they are closed; what
    was not read to its end leaves none. Where another request does the same, or there is no room,
    none is written.
    """

    def __init__(self, pieces: Iterator[bytes], export: Export, path: Path) -> None:
        self.pieces, self.export, self.path = pieces, export, path
        self.last: bytes | None = None
        self.draft: Draft | None = None
        self.keeps = True

    def __iter__(self) -> "Kept":
        return self

    def __next__(self) -> bytes:
        if self.last is not None and self.keeps:
            self.keeps = self._keep(self.last)
        try:
            self.last = next(self.pieces)
        except StopIteration:
            self.last = None
            raise
        return self.last

    def _keep(self, piece: bytes) -> bool:
        """Write a piece; False where none can be written."""
        try:
            if self.draft is None:
                self.draft = _begun(self.path, "beside")
            if self.draft is not None:
                self.draft.write(piece)
        except (NoRoom, OSError) as error:
            log.warning(NOT_KEPT, error)
            self._discard()
        return self.draft is not None

    def close(self) -> None:
        try:
            if isinstance(self.pieces, Generator):
                self.pieces.close()
            if self.draft and self.last is None and not self.path.exists():
                self.draft.finish()
                _forget_unless_there(self.export, self.path)
        except OSError as error:
            log.warning(NOT_KEPT, error)
        finally:
            self._discard()

    def _discard(self) -> None:
        draft, self.draft = self.draft, None
        if draft:
            draft.discard()


def _forget_unless_there(export: Export, path: Path) -> None:
    """Delete a file that was just finished, should its dataset be gone meanwhile."""
    if not Dataset.objects.existing().filter(pk=export.dataset.pk).exists():
        path.unlink(missing_ok=True)


class Draft:
    """A file that is being written, for as long as it is locked."""

    def __init__(self, draft: Path, path: Path, descriptor: int) -> None:
        self.draft, self.path = draft, path
        self.room = 0
        os.ftruncate(descriptor, 0)
        self.file: io.BufferedWriter = os.fdopen(descriptor, "wb")

    def write(self, piece: bytes) -> None:
        """Append; NoRoom or OSError where that cannot be."""
        if len(piece) > self.room:
            self.room = max(STEP_BYTES, len(piece))
            _make_room(self.path.parent, self.room)
        self.file.write(piece)
        self.room -= len(piece)

    def finish(self) -> None:
        """Give the file its name, when it is sure to outlast a loss of power."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.draft.rename(self.path)
        self.file.close()

    def discard(self) -> None:
        """Leave nothing; of a finished one there is nothing to leave."""
        if not self.file.closed:
            self.draft.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # a full disk cannot take what was buffered
                self.file.close()


def _begun(path: Path, how: str) -> Draft | None:
    """Begin a file; None while another does it in the same way.

    What waits for the file does not wait for a client that takes it slowly, so there may be two
    writers: the bytes are the same.
    """
    draft = path.with_name(f"{path.name}.{how}{DRAFT}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _locked(draft)
    return None if descriptor is None else Draft(draft, path, descriptor)


def _locked(draft: Path) -> int | None:
    """Open and lock; None where another holds it. A lock ends with its process."""
    while True:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if _is_at(draft, descriptor):
            return descriptor
        os.close(descriptor)  # it was finished or swept since it was opened


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _make_room(folder: Path, wanted: int) -> None:
    """Delete what was not used for longest until there is room; NoRoom where that is not enough."""
    kept, drafts = _contents(folder)
    size = sum(stat.st_size for _, stat in [*kept, *drafts])
    kept.sort(key=lambda file: file[1].st_mtime_ns, reverse=True)
    while not (
        size + wanted <= settings.MAX_EXPORT_BYTES
        and len(kept) < MAX_FILES
        and shutil.disk_usage(folder).free - wanted >= MIN_FREE_BYTES
    ):
        if not kept:
            raise NoRoom("there is no room for it.")
        path, stat = kept.pop()
        path.unlink(missing_ok=True)
        size -= stat.st_size


def sweep() -> None:
    """Delete the drafts that killed writers left, which else go when room is looked for."""
    try:
        _contents(settings.EXPORTS_DIR)
    except FileNotFoundError:
        return  # no export was kept yet
    except OSError as error:
        log.warning("Drafts of exports cannot be swept: %s", error)


def _contents(folder: Path) -> tuple[list[tuple[Path, os.stat_result]], ...]:
    """Give the whole files and the drafts; those of writers that are gone are swept away."""
    kept, drafts = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                path, stat = Path(entry.path), entry.stat(follow_symlinks=False)
                if not path.name.endswith(DRAFT):
                    kept.append((path, stat))
                elif not _swept(path):
                    drafts.append((path, stat))
    return kept, drafts


def _swept(draft: Path) -> bool:
    """Delete a draft that nobody holds."""
    descriptor = _locked(draft)
    if descriptor is None:
        return False
    draft.unlink()
    os.close(descriptor)
    return True


def forget(build_id: UUID) -> None:
    """Delete the files of a dataset."""
    for path in settings.EXPORTS_DIR.glob(f"{build_id}.*"):
        if not path.name.endswith(DRAFT):
            path.unlink(missing_ok=True)
