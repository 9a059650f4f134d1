"""Finding jobs whose process has ended, and forgetting old ones."""

import logging
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import DataError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from jobs.errors import JobLost
from jobs.kinds import is_queued, tell_what_was_done
from jobs.models import Job, JobQuerySet, State
from jobs.services.lease import ENDED
from jobs.services.queue import requeue_job

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
PRUNED_AT_ONCE = 100
GAVE_UP = f"The process that ran it ended, {MAX_ATTEMPTS} times. The server's log may say why."


def reap_jobs() -> int:
    """Take jobs from processes that ended; return how many.

    Queued kinds go back to their queue, a few times; others fail. Any number of processes may do
    this at the same time.
    """
    with transaction.atomic():
        jobs = list(Job.objects.lapsed().select_for_update(skip_locked=True))
        jobs += _forgotten().select_for_update(skip_locked=True)
        for job in jobs:
            _reap(job)
    return len(jobs)


def reap_lapsed(*, jobs: JobQuerySet) -> bool:
    """Reap if one of these jobs is said to be running and is not; so that none is shown as such.

    Workers look by themselves. This is for where none runs.
    """
    return jobs.lapsed().exists() and reap_jobs() > 0


def _forgotten() -> JobQuerySet:
    """Find queued jobs that no worker will come to: their place in the queue is gone.

    So it is where a worker ended between taking the place and beginning the job.
    """
    before = Now() - timedelta(seconds=settings.JOB_LEASE_SECONDS)
    places = DBTaskResult.objects.filter(
        Q(status=TaskResultStatus.READY)
        | Q(status=TaskResultStatus.RUNNING, started_at__gte=before)
    )
    return Job.objects.filter(state=State.QUEUED).exclude(task_id__in=places.values("pk"))


def _reap(job: Job) -> None:
    log.warning("job %s (%s), attempt %s: its process ended", job.pk, job.kind, job.attempt)
    _close_place(job)
    if job.state == State.QUEUED:  # an attempt that came to nothing counts too
        job.attempt += 1
        Job.objects.filter(pk=job.pk).update(attempt=F("attempt") + 1)
    if is_queued(job.kind) and job.attempt < MAX_ATTEMPTS:
        requeue_job(job=job, counts=True)
        return
    error = GAVE_UP if is_queued(job.kind) else ENDED
    Job.objects.filter(pk=job.pk).update(state=State.FAILED, error=error, finished_at=Now())
    tell_what_was_done(job=job)


def _close_place(job: Job) -> None:
    """End the queue's row of a job, which would say for ever that it runs."""
    places = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
    places.filter(pk__in=[job.task_id]).update(
        status=TaskResultStatus.FAILED,
        finished_at=timezone.now(),
        exception_class_path=f"{JobLost.__module__}.{JobLost.__qualname__}",
        traceback="",
    )


def end_statements_of_the_gone(*, seconds: float) -> None:
    """Have the server look now and then whether this session's client is still there.

    Otherwise a statement whose worker was killed goes on to its end, and what it has locked stays
    so. Where the server's system cannot tell, it stays that way.
    """
    with connection.cursor() as cursor, suppress(DataError):
        cursor.execute("SET client_connection_check_interval = %s", [f"{int(seconds * 1000)}ms"])


def prune_jobs() -> None:
    """Delete some of the jobs, with their errors, that ended long ago."""
    before = timezone.now() - timedelta(days=settings.JOBS_KEPT_DAYS)
    with transaction.atomic():
        old = Job.objects.filter(finished_at__lt=before).select_for_update(skip_locked=True)
        Job.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:PRUNED_AT_ONCE])).delete()
        places = DBTaskResult.objects.finished().filter(finished_at__lt=before)
        some = places.select_for_update(skip_locked=True).order_by().values_list("pk", flat=True)
        DBTaskResult.objects.filter(pk__in=list(some[:PRUNED_AT_ONCE])).delete()
