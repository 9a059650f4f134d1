"""Running a job under a lease: who takes it, and how it ends.

While it runs its beats renew the lease; all that is written is written under the attempt that
began here.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import Error, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from rest_framework.exceptions import APIException

from jobs.errors import STOPS, JobInterrupted, JobLost
from jobs.kinds import is_queued, tell_what_was_done
from jobs.models import Job, State
from jobs.progress import (
    MAX_MESSAGE_CHARS,
    Progress,
    storable_json,
    storable_text,
    write_rows,
)
from jobs.services.beats import beating, why_not_held
from tunix_site.database.troubles import CONTENDED, FULL, READ_ONLY, described, trouble_of
from tunix_site.errors import text_of

log = logging.getLogger(__name__)

ENDED = "The process that ran it ended; send it again: what is stored already is not stored twice."
BROKEN = "It broke off by an error of the program; the log says more."
UNKNOWN = "There is no such kind of job in this version."


@contextmanager
def running(*, job: Job) -> Iterator[Progress]:
    """Run a job while the block does its work, and note in the job how that ends.

    A block that ends succeeds, with `progress.result`; one that raises fails, with the error's
    text where it is one of the domain. Either way the rows that were added are kept. Where the
    job is cancelled or lost while it runs, the statement under way is cancelled, and a block that
    raises then raises JobCancelled or JobLost; one that had done its work has succeeded all the
    same. One whose process has to end raises JobInterrupted; in a queue, it is left to be given
    back. Enter it outside of any transaction: inside one, nobody can follow or cancel the job.
    """
    _begin(job)
    # In a transaction nobody else can see the job, so that there is nobody to tell.
    progress = Progress(job, is_told=not connection.in_atomic_block)
    try:
        with beating(progress=progress):
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


def hold_job(*, progress: Progress) -> None:
    """Have nobody cancel or take the job before this transaction ends; raise where it happened.

    So what is committed is the work of a job that runs. Add no rows until then: beats wait, too.
    """
    if Job.objects.held(progress.job).select_for_update(no_key=True).first() is None:
        progress.stop(why_not_held(job=progress.job))
    progress.check()


def fail_unknown(*, job: Job) -> None:
    """End a job whose kind nobody here knows, such as after a step back to an earlier version."""
    Job.objects.unfinished().filter(pk=job.pk).update(
        state=State.FAILED, error=UNKNOWN, finished_at=Now()
    )


def reconnect(*, progress: Progress) -> None:
    """Leave this session, to which a cancellation may still be on its way."""
    if progress.is_told:
        connection.close()


def worker_name() -> str:
    return f"{socket.gethostname()[:100]}:{os.getpid()}"


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
            result=None,
        )
        if not taken:
            raise JobLost
        job.errors.all().delete()
        job.refresh_from_db()


def _succeed(progress: Progress) -> None:
    """Note what came of it, also where a cancellation came too late to stop it, and told of it."""
    job = progress.job
    late = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=State.CANCELLED)
    total = progress.done if progress.total is None else progress.total
    values: dict[str, Any] = {"state": State.SUCCEEDED, "error": "", "total": total}
    if not (
        _end(progress, Job.objects.held(job), is_told=False, **values)
        or _end(progress, late, is_told=True, **values)
    ):
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
                is_told = lasts or trouble is CONTENDED
                _end_badly(progress, trouble.detail if is_told else ENDED)
            except Error as again:
                log.warning("job %s (%s): %s", job.pk, job.kind, described(again))
    elif isinstance(error, APIException):
        _end_badly(progress, text_of(error.detail))
    else:
        log.error("job %s (%s) broke off", job.pk, job.kind, exc_info=error)
        _end_badly(progress, BROKEN)


def _end_badly(progress: Progress, message: str) -> None:
    held = Job.objects.held(progress.job)
    error = storable_text(message, MAX_MESSAGE_CHARS)
    _end(progress, held, is_told=False, state=State.FAILED, error=error, total=progress.total)


def _end(progress: Progress, jobs: Any, *, is_told: bool, **values: Any) -> bool:
    result = storable_json(progress.result)
    with progress.taken() as rows, transaction.atomic():
        ended: int = jobs.update(**values, done=progress.done, result=result, finished_at=Now())
        if ended:
            write_rows(progress.job, rows)
            if not is_told:
                tell_what_was_done(job=progress.job)
    return bool(ended)


def _stand_back(progress: Progress) -> None:
    """Leave a job that has to stop; it fails where its process ends and no other can run it."""
    reconnect(progress=progress)
    if isinstance(progress.stopped, JobInterrupted) and not is_queued(progress.job.kind):
        _end_badly(progress, ENDED)
