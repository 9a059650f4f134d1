"""Taking back what the activity tells of: a review, or what a job changed."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.exceptions import NotFound

from events.actors import Actor
from jobs.models import Job
from jobs.services.undoing import undo_job, why_not_undone
from pages.shared.refusals import refusable
from traces.models import Review
from traces.services.reviews import undo_review
from tunix_site.database.ids import uuid_in, with_number


class Undoable(NamedTuple):
    """What somebody may undo now: reviews, and jobs."""

    reviews: frozenset[int] = frozenset()
    jobs: frozenset[UUID] = frozenset()


def undoable_by(user: Any, *, reviews: Collection[int], jobs: Collection[UUID]) -> Undoable:
    """Keep what a user may undo now; no query where nothing is asked, three at most."""
    return Undoable(_reviews(user, reviews), _jobs(user, jobs))


def _reviews(user: Any, reviews: Collection[int]) -> frozenset[int]:
    if not reviews:
        return frozenset()
    standing = Review.objects.standing()
    later = standing.filter(trace=OuterRef("trace"), pk__gt=OuterRef("pk"))
    found = standing.filter(~Exists(later), pk__in=reviews).exclude(status_before="")
    mine = found if user.is_superuser else found.filter(reviewer=user)
    return frozenset(mine.values_list("pk", flat=True))


def _jobs(user: Any, jobs: Collection[UUID]) -> frozenset[UUID]:
    if not jobs:
        return frozenset()
    small = Job.objects.defer("parameters", "result")
    found = small.filter(pk__in=jobs)
    mine = found if user.is_superuser else found.filter(created_by=user)
    ended = mine.prefetch_related(Prefetch("undone_by", queryset=small))
    return frozenset(job.pk for job in ended if why_not_undone(job=job) is None)


def undone(form: Mapping[str, str], *, by: Actor) -> tuple[bool, str]:
    """Undo the review or the job that a form names; say whether it was done, and what to tell."""
    undo: Callable[..., str] = _undo_job if "job" in form else _undo_review
    with refusable() as refused:
        return True, undo(form.get("job" if "job" in form else "review", ""), by)
    return False, refused.text


def back_of(address: str) -> str:
    """Give the page to go back to; that of the activity in place of one that is not ours."""
    if address.startswith("/admin/") and url_has_allowed_host_and_scheme(address, None):
        return address
    return reverse("activity")


def _undo_review(pk: str, by: Actor) -> str:
    undo = undo_review(review=with_number(Review.objects.all(), pk), by=by)
    return f"Undone: the trace is {undo.verdict} again."


def _undo_job(pk: str, by: Actor) -> str:
    identity = uuid_in(pk)
    job = Job.objects.filter(pk=identity).first() if identity else None
    if job is None:
        raise NotFound(f"Job {pk!a:.40} not found.")
    undo_job(job=job, by=by)
    return "It is being undone: a job gives back what nobody touched since."
