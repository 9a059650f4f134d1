"""Who a job is done for, as far as they may still have it done."""

from typing import Any

from django.contrib.auth import get_user_model
from rest_framework.exceptions import PermissionDenied

from events.actors import Actor, worker
from jobs.kinds import KINDS
from jobs.models import Job
from tunix_site.access.roles import RANKS, acts_as_superuser, rank_of_user

GONE = "Whoever started it is no user any more."
SWITCHED_OFF = "Whoever started it may not sign in any more."
NO_ROLE = "Whoever started it has not the role {role} any more."
NO_SUPERUSER = "Whoever started it is no superuser any more."


def asker_of(*, job: Job) -> Actor:
    """Give whoever a worker does a job for, as they are now.

    Forbidden where they may not start it any more: its kind's role, or what superusers alone may,
    was taken while it waited, or they were switched off.
    """
    users: Any = get_user_model().objects
    by = worker(user=users.filter(pk=job.created_by_id).first(), job_id=job.pk)
    if reason := _why_not(job, by):
        raise PermissionDenied(reason)
    return by


def _why_not(job: Job, by: Actor) -> str:
    kind = KINDS[job.kind]
    if by.user is None:
        return GONE
    if not by.user.is_active:
        return SWITCHED_OFF
    if rank_of_user(by.user) < RANKS[kind.role]:
        return NO_ROLE.format(role=kind.role)
    is_others = job.undoes is not None and job.undoes.created_by_id != job.created_by_id
    if (kind.for_superusers or is_others) and not acts_as_superuser(by):
        return NO_SUPERUSER
    return ""
