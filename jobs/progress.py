"""How far a job under way has come, and whether it has to stop: what its work and its beats share.

The work adds and asks, in its own thread; the beats (`jobs.services.beats`) tell and stop, in
theirs.
"""

import threading
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

from jobs.errors import JobInterrupted, Stop
from jobs.models import Job

KEPT_ERRORS = 10_000  # of one job: a small file may hold millions of bad records
MAX_MESSAGE_CHARS = 2000
MAX_FIELD_CHARS = 200
LONGEST_WAIT = 0.25  # seconds, as a signal's handler cannot notify


class ErrorRow(NamedTuple):
    """What is wrong with a record: its line, counted from 1, the field in it, and why."""

    line: int | None
    field: str
    message: str


class Progress:
    """How far a job under way has come.

    The work sets `done`, `total` and `result` as it likes, at no cost.
    """

    def __init__(self, job: Job, *, is_told: bool) -> None:
        self.job = job
        self.done = 0
        self.total = job.total
        self.result: dict[str, Any] | None = None
        self.is_told = is_told
        self.stopped: Stop | None = None
        self.errors_left_out_count = 0
        self._errors: list[ErrorRow] = []
        self._kept_count = 0
        self._changed = threading.Condition()
        self._wanted = False  # a beat, before its time
        self._ended = False

    def check(self) -> None:
        """Raise JobCancelled, JobLost or JobInterrupted where the work has to stop."""
        if self.stopped is not None:
            raise self.stopped

    def add_errors(self, errors: Iterable[ErrorRow]) -> None:
        """Keep errors of the input, also where the work's transaction is rolled back.

        They are written with the next beat. The first KEPT_ERRORS of a job are kept, the others
        are counted.
        """
        left = iter(errors)
        rows = [_storable(error) for error in islice(left, KEPT_ERRORS - self._kept_count)]
        self._kept_count += len(rows)
        self.errors_left_out_count += sum(1 for _ in left)
        with self._changed:
            self._errors += rows
        self.check()

    def interrupt(self) -> None:
        """Have the work stop since its process has to end; safe to call from a signal's handler."""
        self.stop(JobInterrupted())
        self._wanted = True  # no lock: the thread that was interrupted may hold it

    def stop(self, why: Stop) -> None:
        """Have the work stop; what stops it first is why."""
        self.stopped = self.stopped or why

    def take_errors(self) -> list[ErrorRow]:
        with self._changed:
            errors, self._errors = self._errors, []
        return errors

    def put_back(self, errors: list[ErrorRow]) -> None:
        """Keep for the next beat what this one could not write."""
        with self._changed:
            self._errors = errors + self._errors

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


def storable_text(value: str, length: int) -> str:
    """Cut a text, and replace what PostgreSQL's texts cannot hold."""
    kept = str(value)[:length].replace("\0", "\ufffd")
    return kept.encode("utf-8", "replace").decode()


def _storable(error: ErrorRow) -> ErrorRow:
    line, field, message = error
    return ErrorRow(
        line, storable_text(field, MAX_FIELD_CHARS), storable_text(message, MAX_MESSAGE_CHARS)
    )
