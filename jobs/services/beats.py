"""The beats of a job: every few seconds they tell how far it has come, and ask if it is wanted.

A thread of its own does both, on a connection of its own, since the work's connection is busy and
its transaction may be rolled back. It writes only while the job runs under the attempt that began
here: where that finds nothing, the job was cancelled or lost, and the work is told to stop.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from django.conf import settings
from django.db import Error, connection, connections, transaction
from django.db.models.functions import Now

from jobs.errors import JobCancelled, JobLost, Stop
from jobs.models import Job, State
from jobs.progress import Progress, storable_json, write_rows
from tunix_site.database.troubles import trouble_of

log = logging.getLogger(__name__)

BEATS_PER_LEASE = 15
CANCEL_SECONDS = 5.0

_under_way: set[Progress] = set()
_interrupted = threading.Event()


@contextmanager
def beating(*, progress: Progress) -> Iterator[None]:
    """Tell a job's progress while the block does its work on this thread's connection."""
    if not progress.is_told:
        yield
        return
    beats = threading.Thread(
        target=_Beats(progress).run, name=f"job {progress.job.pk}", daemon=True
    )
    _under_way.add(progress)
    if _interrupted.is_set():  # between the job's being taken and here
        progress.interrupt()
    beats.start()
    try:
        yield
    finally:
        _under_way.discard(progress)
        progress.end()
        beats.join()


def interrupt_all() -> None:
    """Have the work of this process stop, and what it begins from now on, as it has to end."""
    _interrupted.set()
    for progress in list(_under_way):
        progress.interrupt()


class _Beats:
    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.job = progress.job
        self.work = connections[connection.alias]
        self.told_at = time.monotonic()

    def run(self) -> None:
        pause = settings.JOB_LEASE_SECONDS / BEATS_PER_LEASE
        try:
            while self.progress.wait_for_beat(pause):
                if self.progress.stopped is None:
                    self._tell()
                if self.progress.stopped is not None:
                    self._cancel_statement()
        except Exception:
            log.exception("job %s: its progress cannot be told", self.job.pk)
            self.progress.stop(JobLost())
        finally:
            connection.close()

    def _tell(self) -> None:
        progress = self.progress
        try:
            with progress.taken() as rows, transaction.atomic():
                values = {
                    "done": progress.done,
                    "total": progress.total,
                    "result": storable_json(progress.result),
                    "heartbeat_at": Now(),
                }
                held = Job.objects.held(self.job).update(**values)
                if held:
                    write_rows(self.job, rows)
        except Error as error:
            if trouble_of(error) is None:
                raise
            connection.close()
            if time.monotonic() - self.told_at > settings.JOB_LEASE_SECONDS:
                progress.stop(JobLost())
            return
        if not held:
            progress.stop(why_not_held(job=self.job))
            return
        self.told_at = time.monotonic()
        for call in list(progress.after_beat):
            call()

    def _cancel_statement(self) -> None:
        """End what the work has the database do; every beat again, as it may just have begun."""
        link = self.work.connection
        if link is not None and not link.closed:
            with suppress(psycopg.Error):
                link.cancel_safe(timeout=CANCEL_SECONDS)


def why_not_held(*, job: Job) -> Stop:
    """Say why a job does not run under the attempt that began here any more."""
    now = Job.objects.filter(pk=job.pk, attempt=job.attempt).first()
    return JobCancelled() if now is not None and now.state == State.CANCELLED else JobLost()
