"""Undoing what a job did, by another one."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied

from events.actors import Actor
from jobs.kinds import KINDS
from jobs.models import UNFINISHED, Job, State
from jobs.services.queue import start_job
from tunix_site.access.roles import acts_as_superuser
from tunix_site.errors import Conflict

UNDONE_WITHIN = timedelta(days=1)
CAME_TO_NOTHING = (State.FAILED, State.CANCELLED)


def undo_job(*, job: Job, by: Actor) -> Job:
    """Start the job that undoes what one did, be it that it was cancelled on the way.

    Forbidden where it is somebody else's, but to superusers. Conflict where its kind is not undone,
    it has not ended, ended over a day ago, or was undone; an undoing that failed or was cancelled
    may be asked for again, and goes on.
    """
    if by.user is None or (job.created_by_id != by.user.pk and not acts_as_superuser(by)):
        raise PermissionDenied("It is somebody else's: undo your own.")
    with transaction.atomic():
        job = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
        if reason := why_not_undone(job=job):
            raise Conflict(reason)
        undone_by = KINDS[job.kind].undone_by
        assert undone_by is not None  # noqa: S101  # or there was a reason
        return start_job(kind=undone_by, parameters={}, by=by, undoes=job)


def why_not_undone(*, job: Job) -> str | None:
    """Say why what a job did cannot be undone, if so.

    One query for what has ended; none where its `undone_by` is prefetched.
    """
    kind = KINDS.get(job.kind)
    if kind is None or kind.undone_by is None:
        return "What a job of this kind does is not undone."
    if job.state in UNFINISHED or job.finished_at is None:
        return "It has not ended: cancel it first."
    if job.finished_at < timezone.now() - UNDONE_WITHIN:
        return "It ended over a day ago: what was before is not kept so long."
    undoings = [one for one in job.undone_by.all() if one.state not in CAME_TO_NOTHING]
    return f"It is undone already: job {undoings[0].pk}." if undoings else None
