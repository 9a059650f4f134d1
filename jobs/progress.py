"""How far a job under way has come, and whether it has to stop: what its work and its beats share.

The work adds and asks, in its own thread; the beats (`jobs.services.beats`) tell and stop, in
theirs.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

from jobs.errors import JobInterrupted, Stop
from jobs.models import Job, JobError

MAX_WAITING_ROWS = 1_000  # of a job, in memory
KEPT_ERRORS = 10_000  # of one job: a small file may hold millions of bad records
MAX_MESSAGE_CHARS = 2_000
MAX_FIELD_CHARS = 200  # of an error: it may name a key of the input, which may be long
LONGEST_WAIT = 0.25  # seconds, as a signal's handler cannot notify


class ErrorRow(NamedTuple):
    """What is wrong with a record: its line, counted from 1, the field in it, and why."""

    line: int | None
    field: str
    message: str


Write = Callable[[Job, list[Any]], None]
Waiting = dict[Write, list[Any]]


class Progress:
    """How far a job under way has come.

    The work sets `done`, `total` and `result` as it likes, at no cost. What is in `after_beat` is
    called after every beat that found the job to be ours, by the beats' thread.
    """

    def __init__(self, job: Job, *, is_told: bool) -> None:
        self.job = job
        self.done = 0
        self.total = job.total
        self.result: dict[str, Any] | None = None
        self.is_told = is_told
        self.stopped: Stop | None = None
        self.after_beat: list[Callable[[], None]] = []
        self.errors_left_out_count = 0
        self._kept_error_count = 0
        self._waiting: Waiting = {}
        self._taken_count = 0
        self._changed = threading.Condition()
        self._wanted = False  # a beat, before its time
        self._ended = False

    def check(self) -> None:
        """Raise JobCancelled, JobLost or JobInterrupted where the work has to stop."""
        if self.stopped is not None:
            raise self.stopped

    def add(self, rows: Iterable[Any], *, write: Write) -> None:
        """Have rows written by the next beat, also where the work's transaction is rolled back.

        `write(job, rows)` is called, on the beats' connection, in the transaction that tells how
        far the job has come or how it ended, and there only while the job is ours. Rows are taken
        one by one, as they come. Where MAX_WAITING_ROWS wait, a beat comes at once and this waits
        for it: `write` must need no lock that the work holds. Raise as `check`.
        """
        for row in rows:
            with self._changed:
                self._wait_for_room()
                self._waiting.setdefault(write, []).append(row)
        self.check()

    def add_errors(self, errors: Iterable[ErrorRow]) -> None:
        """Keep errors of the input: the first KEPT_ERRORS of a job; the others are counted."""
        left = iter(errors)
        rows = [_storable(error) for error in islice(left, KEPT_ERRORS - self._kept_error_count)]
        self._kept_error_count += len(rows)
        self.errors_left_out_count += sum(1 for _ in left)
        self.add(rows, write=JobError.objects.insert)

    @contextmanager
    def taken(self) -> Iterator[Waiting]:
        """Give the rows that wait, by what writes them; where the block fails they wait on."""
        with self._changed:
            taken, self._waiting = self._waiting, {}
            self._taken_count = _count(taken)
        try:
            yield taken
        except BaseException:
            with self._changed:
                for write, rows in self._waiting.items():
                    taken.setdefault(write, []).extend(rows)
                self._waiting = taken
            raise
        finally:
            with self._changed:
                self._taken_count = 0
                self._changed.notify_all()

    def interrupt(self) -> None:
        """Have the work stop since its process has to end; safe to call from a signal's handler."""
        self.stop(JobInterrupted())
        self._wanted = True  # no lock: the thread that was interrupted may hold it

    def stop(self, why: Stop) -> None:
        """Have the work stop; what stops it first is why."""
        self.stopped = self.stopped or why

    def wait_for_beat(self, pause: float) -> bool:
        """Wait so many seconds, or until a beat is wanted; False where the work has ended."""
        until = time.monotonic() + pause
        with self._changed:
            while not (self._ended or self._wanted) and (left := until - time.monotonic()) > 0:
                self._changed.wait(min(left, LONGEST_WAIT))
            self._wanted = False
            return not self._ended

    def end(self) -> None:
        """Have the beats end, as the work has."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _wait_for_room(self) -> None:
        if not self._is_full():
            return
        if not self.is_told:  # there are no beats
            with self.taken() as rows:
                write_rows(self.job, rows)
            return
        self._wanted = True
        self._changed.notify_all()
        while self._is_full():
            self.check()
            self._changed.wait(LONGEST_WAIT)

    def _is_full(self) -> bool:
        return _count(self._waiting) + self._taken_count >= MAX_WAITING_ROWS


def write_rows(job: Job, waiting: Waiting) -> None:
    for write, rows in waiting.items():
        write(job, rows)


def _count(waiting: Waiting) -> int:
    return sum(map(len, waiting.values()))


def storable_text(value: str, length: int) -> str:
    """Cut a text, and replace what PostgreSQL's texts cannot hold."""
    kept = str(value)[:length].replace("\0", "\ufffd")
    return kept.encode("utf-8", "replace").decode()


def storable_json(value: Any) -> Any:
    """Replace what jsonb cannot hold in the texts of a JSON value, which may quote the input."""
    match value:
        case str():
            return storable_text(value, len(value))
        case dict():
            return {
                storable_text(key, len(key)): storable_json(item) for key, item in value.items()
            }
        case list():
            return [storable_json(item) for item in value]
    return value


def _storable(error: ErrorRow) -> ErrorRow:
    line, field, message = error
    return ErrorRow(
        line, storable_text(field, MAX_FIELD_CHARS), storable_text(message, MAX_MESSAGE_CHARS)
    )
