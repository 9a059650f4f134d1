"""Starting jobs, and ending them before their time."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from rest_framework.exceptions import PermissionDenied

from events.actors import Actor
from events.services import record_event
from jobs.kinds import KINDS, is_queued, tell_what_was_done
from jobs.models import Job, State
from jobs.services.lease import worker_name
from jobs.tasks import run_job
from tunix_site.access.roles import RANKS
from tunix_site.errors import Conflict
from tunix_site.models import Role


def start_job(
    *,
    kind: str,
    parameters: dict[str, Any],
    by: Actor,
    total: int | None = None,
    undoes: Job | None = None,
) -> Job:
    """Make a job and queue it; one that has no queue is running from now on, in this process.

    The job and its place in the queue are one transaction, and may be part of a larger one.
    """
    queue = KINDS[kind].queue
    with transaction.atomic():
        job = Job(kind=kind, parameters=parameters, created_by=by.user, total=total, undoes=undoes)
        if queue is None:
            job.state, job.attempt, job.worker = State.RUNNING, 1, worker_name()
            job.started_at = job.heartbeat_at = Now()
        job.save(force_insert=True)
        if queue is not None:
            _enqueue(job, queue)
        record_event(
            by=by, action="start", object_type="job", object_id=job.pk, after={"kind": kind}
        )
    job.refresh_from_db()
    return job


def may_cancel(*, job: Job, user: Any, rank: int) -> bool:
    """Tell whether a user, who may be none, has the role that cancelling a job takes."""
    kind = KINDS.get(job.kind)
    needed = RANKS[kind.role if kind else Role.CURATOR]
    if user is None or job.created_by_id != user.pk:
        needed = max(needed, RANKS[Role.CURATOR])
    return rank >= needed


def cancel_job(*, job: Job, by: Actor, rank: int) -> None:
    """Cancel a job that has not ended; Conflict where it has.

    Whoever started it may, while they have the role that starting it takes; for others' jobs that
    of a curator. Work under way stops within seconds.
    """
    if not may_cancel(job=job, user=by.user, rank=rank):
        raise PermissionDenied("This is the job of somebody else, or of a higher role.")
    with transaction.atomic():
        cancelled = Job.objects.unfinished().filter(pk=job.pk)
        if not cancelled.update(state=State.CANCELLED, finished_at=Now()):
            job.refresh_from_db()
            raise Conflict(f"The job has ended already: {job.state}.")
        places = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
        places.filter(pk__in=[job.task_id]).delete()
        tell_what_was_done(job=job)
        record_event(
            by=by, action="cancel", object_type="job", object_id=job.pk, before={"kind": job.kind}
        )


def requeue_job(*, job: Job, counts: bool) -> None:
    """Give a job that this transaction holds back to its queue; the attempt counts or does not."""
    queue = KINDS[job.kind].queue
    assert queue is not None  # noqa: S101  # the caller has looked
    job.errors.all().delete()
    taken_back = 0 if counts else 1
    Job.objects.filter(pk=job.pk).update(
        state=State.QUEUED,
        done=0,
        result=None,
        worker="",
        attempt=F("attempt") - taken_back,
        started_at=None,
        heartbeat_at=None,
    )
    _enqueue(job, queue)


def give_back(*, place: UUID) -> None:
    """Give the job that was begun from a place, and left, back to its queue: its process ends."""
    with transaction.atomic():
        left = Job.objects.filter(task_id=place, state=State.RUNNING).select_for_update().first()
        if left is not None and is_queued(left.kind):
            requeue_job(job=left, counts=False)


def _enqueue(job: Job, queue: str) -> None:
    task = run_job.using(queue_name=queue).enqueue(str(job.pk))
    Job.objects.filter(pk=job.pk).update(task_id=task.id)
