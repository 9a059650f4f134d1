"""Files that people sent to be imported, kept until they are: a folder of any number of processes.

A file belongs to whoever sent it. It is written under another name, and gets its own when it is
whole. Nobody's take more than a share of the room. One that nobody came back to for a day goes,
but where a job is to import it.
"""

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from rest_framework.exceptions import NotFound
from uuid_utils.compat import uuid7

from jobs.models import Job
from tunix_site.errors import TooLarge, Unavailable

log = logging.getLogger(__name__)

IMPORT_FILE = "import_file"  # the kind of the jobs that import them
UPLOAD = "upload"  # what such a job calls its file
MIN_FREE_BYTES = 2 * 1024**3  # of the disk, which the database may be on
STEP_BYTES = 8 * 1024**2  # after which room is looked for anew
KEPT_OF_ONE = 5  # files of one person that wait
SHARES = 4  # in the room of all, of which a person has one
KEPT_SECONDS = 24 * 3600
DRAFT_SECONDS = 3600  # without another byte
DRAFT = ".draft"
GONE = (
    "The file is not here any more: it was imported, newer ones of yours took its place, or nobody "
    "came back to it for a day. Somebody else's cannot be looked at."
)
FULL_SHARE = "Your files that wait to be imported leave no room for this one: {:,} bytes are yours."
FULL = "There is no room for the file now: others wait to be imported."
FULL_DISK = "There is no room for the file now: the disk is nearly full."


def largest() -> int:
    """Give the bytes that the files of one person may have, and so one of them."""
    return settings.MAX_UPLOADS_BYTES // SHARES


class Draft:
    """A file as it comes in; Unavailable wherever the disk refuses it."""

    def __init__(self, *, owner: int) -> None:
        self.id = uuid7()
        self.owner = owner
        self.size = 0
        self._room = 0
        self._path = _path(owner, self.id)
        self._draft = self._path.with_name(self._path.name + DRAFT)
        with _told():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            self._file: IO[bytes] = os.fdopen(os.open(self._draft, flags, 0o600), "wb")

    def write(self, piece: bytes) -> None:
        """Append; TooLarge or Unavailable where there is no room for it."""
        if self.size + len(piece) > largest():
            raise TooLarge(largest())
        with _told():
            if len(piece) > self._room:
                self._look_for_room(len(piece))
            self._file.write(piece)
        self._room -= len(piece)
        self.size += len(piece)

    def keep(self) -> UUID:
        """Give the file its name; of this person's that wait, the oldest of many go."""
        with _told():
            self._file.close()
            self._draft.rename(self._path)
        _forget(_kept_by(self.owner)[:-KEPT_OF_ONE])
        return self.id

    def discard(self) -> None:
        """Leave nothing, unless it was kept."""
        self._draft.unlink(missing_ok=True)
        with suppress(OSError):  # a full disk cannot take what was buffered
            self._file.close()

    def _look_for_room(self, wanted: int) -> None:
        """Take room for what comes next, for which older files of the same person go."""
        for oldest in _kept_by(self.owner):
            if self._left_of_share() >= wanted:
                break
            _forget([oldest])
        left = {
            FULL_SHARE.format(largest()): self._left_of_share(),
            FULL: settings.MAX_UPLOADS_BYTES - self._beside() - self.size,
            FULL_DISK: shutil.disk_usage(self._path.parent).free - MIN_FREE_BYTES,
        }
        for reason, room in left.items():
            if room < wanted:
                raise Unavailable(reason)
        self._room = max(wanted, min(STEP_BYTES, *left.values()))

    def _left_of_share(self) -> int:
        return largest() - self._beside(f"{self.owner}.") - self.size

    def _beside(self, begins: str = "") -> int:
        """Give the bytes of the other files whose names begin so."""
        return sum(
            stat.st_size
            for path, stat in _contents(self._path.parent)
            if path.name.startswith(begins) and path != self._draft
        )


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.warning("A file cannot be kept to be imported: %s", error)
        raise Unavailable(f"The file cannot be kept here: {error.strerror}.") from None


@contextmanager
def opened(*, upload: UUID, owner: int) -> Iterator[IO[bytes]]:
    """Open a person's file, which counts as a use; NotFound where it is not there."""
    try:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(_path(owner, upload), flags)
    except FileNotFoundError:
        raise NotFound(GONE) from None
    with os.fdopen(descriptor, "rb") as file:
        with suppress(OSError):  # a worker may have the folder read-only
            os.utime(descriptor)
        yield file


def forget(*, upload: UUID, owner: int) -> None:
    """Delete a person's file."""
    _delete(_path(owner, upload))


def forget_all(*, owner: int) -> None:
    """Delete all files of a person, also those that still come in."""
    for path, _ in _contents(settings.UPLOADS_DIR):
        if path.name.startswith(f"{owner}."):
            _delete(path)


def sweep() -> None:
    """Delete what nobody came back to, and what writers that are gone have left."""
    now = time.time()
    old = [
        path
        for path, stat in _contents(settings.UPLOADS_DIR)
        if now - stat.st_mtime >= (DRAFT_SECONDS if path.name.endswith(DRAFT) else KEPT_SECONDS)
    ]
    _forget(old)


def _forget(paths: list[Path]) -> None:
    """Delete these, but those that jobs are to import."""
    awaited = _awaited() if paths else set()
    for path in paths:
        if _id_of(path) not in awaited:
            _delete(path)


def _kept_by(owner: int) -> list[Path]:
    """Give a person's whole files, the one first that was not used for longest."""
    mine = [
        (stat.st_mtime_ns, path)
        for path, stat in _contents(settings.UPLOADS_DIR)
        if path.name.startswith(f"{owner}.") and not path.name.endswith(DRAFT)
    ]
    return [path for _, path in sorted(mine)]


def _awaited() -> set[str]:
    """Give the files that jobs are to import."""
    jobs = Job.objects.unfinished().filter(kind=IMPORT_FILE)
    return set(jobs.values_list(f"parameters__{UPLOAD}", flat=True))


def _path(owner: int, upload: UUID) -> Path:
    return settings.UPLOADS_DIR / f"{owner}.{upload}"


def _id_of(path: Path) -> str:
    return path.name.partition(".")[2]


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:  # the next sweep tries it again
        log.warning("A file that was sent to be imported cannot be deleted: %s", error)


def _contents(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Give the files with what is known of them; none where there is no folder yet."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield Path(entry.path), entry.stat(follow_symlinks=False)
