"""Running a job: its progress is told every few seconds, and whether it is still wanted is asked.

A thread of its own does both, on a connection of its own, since the work's connection is busy and
its transaction may be rolled back. It writes only while the job runs under the attempt that began
here: where that finds nothing, the job was cancelled or lost, and the work is told to stop.
"""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import Error, connection, connections, transaction
from django.db.models import F
from django.db.models.functions import Now
from rest_framework.exceptions import APIException

from jobs.errors import STOPS, JobCancelled, JobInterrupted, JobLost, Stop
from jobs.kinds import is_queued
from jobs.models import Job, JobError, State
from jobs.services.queue import requeue_job, worker_name
from tunix_site.database.troubles import FULL, READ_ONLY, described, trouble_of
from tunix_site.errors import text_of

log = logging.getLogger(__name__)

BEATS_PER_LEASE = 15
KEPT_ERRORS = 10_000  # of one job: a small file may hold millions of bad records
MAX_MESSAGE_CHARS = 2000
MAX_FIELD_CHARS = 200
CANCEL_SECONDS = 5.0
LONGEST_WAIT = 0.25  # seconds, as a signal's handler cannot notify

ENDED = "The process that ran it ended; send it again: what is stored already is not stored twice."
BROKEN = "It broke off by an error of the program; the log says more."

_under_way: set["Progress"] = set()


class ErrorRow(NamedTuple):
    """What is wrong with a record: its line, counted from 1, the field in it, and why."""

    line: int | None
    field: str
    message: str


class Progress:
    """How far a job under way has come.

    The work sets `done`, `total` and `result` as it likes, at no cost.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = 0
        self.total = job.total
        self.result: dict[str, Any] | None = None
        # In a transaction nobody else can see the job, so that there is nobody to tell.
        self.is_told = not connection.in_atomic_block
        self.stopped: Stop | None = None
        self._work = connections[connection.alias]
        self._errors: list[ErrorRow] = []
        self._kept_count = 0
        self.errors_left_out_count = 0
        self._changed = threading.Condition()
        self._wanted = False  # a beat, before its time
        self._ended = False
        self._told_at = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name=f"job {job.pk}", daemon=True)

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
        self.stopped = self.stopped or JobInterrupted()
        self._wanted = True  # no lock: the thread that was interrupted may hold it

    @contextmanager
    def beating(self) -> Iterator[None]:
        if not self.is_told:
            yield
            return
        self._thread.start()
        _under_way.add(self)
        try:
            yield
        finally:
            _under_way.discard(self)
            with self._changed:
                self._ended = True
                self._changed.notify_all()
            self._thread.join()

    def take_errors(self) -> list[ErrorRow]:
        with self._changed:
            errors, self._errors = self._errors, []
        return errors

    def _beat(self) -> None:
        pause = settings.JOB_LEASE_SECONDS / BEATS_PER_LEASE
        try:
            while self._wait(pause):
                if self.stopped is None:
                    self._tell()
                if self.stopped is not None:
                    self._cancel_statement()
        except Exception:
            log.exception("job %s: its progress cannot be told", self.job.pk)
            self._stop(JobLost())
        finally:
            connection.close()

    def _wait(self, pause: float) -> bool:
        """Wait for the next beat; False where the work has ended."""
        until = time.monotonic() + pause
        with self._changed:
            while not (self._ended or self._wanted) and (left := until - time.monotonic()) > 0:
                self._changed.wait(min(left, LONGEST_WAIT))
            self._wanted = False
            return not self._ended

    def _tell(self) -> None:
        errors = self.take_errors()
        try:
            with transaction.atomic():
                values = {"done": self.done, "total": self.total, "heartbeat_at": Now()}
                held = Job.objects.held(self.job).update(**values)
                if held:
                    _write_errors(self.job, errors)
        except Error as error:
            if trouble_of(error) is None:
                raise
            connection.close()
            with self._changed:
                self._errors = errors + self._errors
            if time.monotonic() - self._told_at > settings.JOB_LEASE_SECONDS:
                self._stop(JobLost())
            return
        self._told_at = time.monotonic()
        if not held:
            self._stop(_why_not_held(self.job))

    def _stop(self, why: Stop) -> None:
        self.stopped = self.stopped or why

    def _cancel_statement(self) -> None:
        """End what the work has the database do; every beat again, as it may just have begun."""
        link = self._work.connection
        if link is not None and not link.closed:
            with suppress(psycopg.Error):
                link.cancel_safe(timeout=CANCEL_SECONDS)


@contextmanager
def running(*, job: Job) -> Iterator[Progress]:
    """Run a job while the block does its work, and note in the job how that ends.

    A block that ends succeeds, with `progress.result`; one that raises fails, with the error's
    text where it is one of the domain. Either way the errors that were added are kept. Where the
    job is cancelled or lost while it runs, the statement under way is cancelled, and JobCancelled
    or JobLost is raised whatever the block made of that. Enter it outside of any transaction:
    inside one, nobody can follow or cancel the job.
    """
    _begin(job)
    progress = Progress(job)
    try:
        with progress.beating():
            yield progress
    except BaseException as error:
        if progress.stopped is None and isinstance(error, STOPS):
            progress.stopped = error
        if progress.stopped is not None:
            _stand_back(progress)
            raise progress.stopped from (error.__cause__ if error is progress.stopped else error)
        _fail(progress, error)
        raise
    _succeed(progress)


def interrupt_all() -> None:
    """Have the work of this process stop, as it has to end."""
    for progress in list(_under_way):
        progress.interrupt()


def _begin(job: Job) -> None:
    """Take a job from its queue; JobLost where it is not there. One without a queue is running."""
    if job.state == State.RUNNING and not is_queued(job.kind):
        return
    with transaction.atomic():
        queued = Job.objects.filter(pk=job.pk, state=State.QUEUED)
        taken = queued.update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            started_at=Now(),
            heartbeat_at=Now(),
            worker=worker_name(),
            done=0,
        )
        if not taken:
            raise JobLost
        job.errors.all().delete()
        job.refresh_from_db()


def _succeed(progress: Progress) -> None:
    """Note what came of it, also where a cancellation came too late to stop it."""
    job = progress.job
    still = Job.objects.filter(
        pk=job.pk, attempt=job.attempt, state__in=[State.RUNNING, State.CANCELLED]
    )
    total = progress.done if progress.total is None else progress.total
    if not _end(progress, still, state=State.SUCCEEDED, error="", total=total):
        raise JobLost


def _fail(progress: Progress, error: BaseException) -> None:
    job = progress.job
    if not isinstance(error, Exception):  # the process is told to end
        progress.stopped = JobInterrupted()
        _stand_back(progress)
    elif trouble := trouble_of(error):
        log.warning("job %s (%s): %s", job.pk, job.kind, described(error))
        lasts = trouble in (FULL, READ_ONLY)  # until somebody does something about it
        if lasts or not is_queued(job.kind):  # others are taken up when the lease has ended
            try:
                _end_badly(progress, trouble.detail if lasts else ENDED)
            except Error as again:
                log.warning("job %s (%s): %s", job.pk, job.kind, described(again))
    elif isinstance(error, APIException):
        _end_badly(progress, text_of(error.detail))
    else:
        log.error("job %s (%s) broke off", job.pk, job.kind, exc_info=error)
        _end_badly(progress, BROKEN)


def _end_badly(progress: Progress, message: str) -> None:
    held = Job.objects.held(progress.job)
    error = _text(message, MAX_MESSAGE_CHARS)
    _end(progress, held, state=State.FAILED, error=error, total=progress.total)


def _end(progress: Progress, jobs: Any, **values: Any) -> bool:
    with transaction.atomic():
        result = _storable_json(progress.result)
        ended: int = jobs.update(**values, done=progress.done, result=result, finished_at=Now())
        if ended:
            _write_errors(progress.job, progress.take_errors())
    return bool(ended)


def _stand_back(progress: Progress) -> None:
    """Leave a job that has to stop; it goes back to its queue where only this process ends."""
    if progress.is_told:
        connection.close()  # a cancellation may still be on its way to this session
    if not isinstance(progress.stopped, JobInterrupted):
        return
    if not is_queued(progress.job.kind):
        _end_badly(progress, ENDED)
        return
    with transaction.atomic():
        if Job.objects.held(progress.job).select_for_update().first():
            requeue_job(job=progress.job, counts=False)


def _why_not_held(job: Job) -> Stop:
    now = Job.objects.filter(pk=job.pk, attempt=job.attempt).first()
    return JobCancelled() if now is not None and now.state == State.CANCELLED else JobLost()


def _write_errors(job: Job, errors: list[ErrorRow]) -> None:
    if not errors:
        return
    table = JobError._meta.db_table
    statement = f"COPY {table} (job_id, line, field, message) FROM STDIN"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for error in errors:
            copy.write_row((job.pk, *error))


def _storable(error: ErrorRow) -> ErrorRow:
    line, field, message = error
    return ErrorRow(line, _text(field, MAX_FIELD_CHARS), _text(message, MAX_MESSAGE_CHARS))


def _storable_json(value: Any) -> Any:
    """Replace what jsonb cannot hold in the texts of a JSON value, which may quote the input."""
    match value:
        case str():
            return _text(value, len(value))
        case dict():
            return {_text(key, len(key)): _storable_json(item) for key, item in value.items()}
        case list():
            return [_storable_json(item) for item in value]
    return value


def _text(value: str, length: int) -> str:
    """Cut a text, and replace what PostgreSQL's texts cannot hold."""
    kept = str(value)[:length].replace("\0", "\ufffd")
    return kept.encode("utf-8", "replace").decode()
