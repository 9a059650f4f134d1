"""Queues, claims and filters that are kept, by who may have them."""

from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce

from jobs.models import Job
from traces.curation.members import Claim
from traces.curation.queues import Guideline, Queue, SavedFilter
from tunix_site.database.ids import with_number


def queues_of(user: Any) -> QuerySet[Queue]:
    """Give the queues that a user may work on, newest first; superusers may on all."""
    queues = Queue.objects.existing().order_by("-id")
    return queues if user.is_superuser else queues.filter(Q(people=None) | Q(people=user))


def find_queue(pk: str | int) -> Queue:
    """Fetch a queue by what may be no id at all; NotFound where there is none."""
    return with_number(Queue.objects.existing(), pk)


def with_job(queues: QuerySet[Queue]) -> QuerySet[Queue]:
    """Add, as `running`, the job that fills each queue right now."""
    running = Job.objects.unfinished().filter(pk=OuterRef("job")).values("pk")
    return queues.annotate(running=Subquery(running))


def shown_queues() -> QuerySet[Queue]:
    """Give all queues, with their people and the job that fills each right now."""
    queues = with_job(Queue.objects.existing())
    return queues.prefetch_related("people").select_related("created_by")


def described_queues() -> QuerySet[Queue]:
    """Give all queues as they are shown, with what their people are told."""
    newest = Guideline.objects.filter(queue=OuterRef("pk")).order_by("-version")
    return shown_queues().annotate(
        guideline_text=Coalesce(
            Subquery(newest.values("text")[:1]), Value(""), output_field=TextField()
        ),
        guideline_version=Coalesce(Subquery(newest.values("version")[:1]), Value(0)),
    )


def find_claim(pk: str | int, user: Any) -> Claim:
    """Fetch a claim of a user's own; NotFound where there is none, or it is somebody else's."""
    return with_number(Claim.objects.filter(reviewer=user), pk)


def filters_of(user: Any) -> QuerySet[SavedFilter]:
    """Give the filters that a user keeps, and those that all see."""
    return SavedFilter.objects.filter(Q(owner=user) | Q(team=True)).select_related("owner")
