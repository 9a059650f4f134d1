"""Where a trace is shown: in a queue, with the claim on it, or outside of any."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from rest_framework.exceptions import NotFound, PermissionDenied

from events.actors import Actor
from pages.shared.refusals import refusable
from traces.curation.members import Claim
from traces.curation.queues import Guideline, Queue
from traces.finding.curation.unseen import kept_back
from traces.finding.queues import find_queue
from traces.models import Review, Trace
from traces.services.queues.claims import claim_trace
from tunix_site.database.ids import number_in
from tunix_site.errors import Conflict


@dataclass(frozen=True)
class Place:
    """A queue, and a person's claim on the trace that is shown; both None outside of any queue."""

    queue: Queue | None = None
    claim: Claim | None = None

    @property
    def guideline(self) -> Guideline | None:
        """Give the version that a review by the claim names; without one the newest."""
        if self.queue is None or self.claim is None:
            return self.queue.guideline if self.queue else None
        version = self.claim.guideline
        return self.queue.guidelines.filter(version=version).first() if version else None

    def kept_back(self, trace: Trace, user: Any) -> Q:
        """Give the reviews that a person does not see here; outside of a queue none."""
        return kept_back(trace=trace, queue=self.queue, user=user) if self.queue else Q()

    @property
    def is_read_alone(self) -> bool:
        """Tell whether it is a queue's trace that the person does not have."""
        return self.queue is not None and self.claim is None

    def urls_of(self, trace: Trace) -> dict[str, str]:
        """Give the addresses of a trace's page and of what it sends."""
        if self.queue is None:
            names = ("trace", "steps", "verdict", "correct", "tags", "attempts")
            return {name: reverse(f"review-{name}", args=[trace.pk]) for name in names}
        queue = self.queue.pk
        return {
            "trace": reverse("review-queued", args=[queue, trace.pk]),
            "steps": reverse("review-queued-steps", args=[queue, trace.pk]),
            "tags": reverse("review-queued-tags", args=[queue, trace.pk]) + self._claim_said,
            "attempts": reverse("review-queued-attempts", args=[queue, trace.pk]),
            "correct": reverse("review-queued-correct", args=[queue, trace.pk]),
            "verdict": reverse("review-queued-verdict", args=[queue, trace.pk]),
            **urls_of(self.queue),
        }

    @property
    def _claim_said(self) -> str:
        return f"?claim={self.claim.pk}" if self.claim else ""


def place_said(request: HttpRequest, queue: str) -> Place:
    """Give the place of the page that asks: its queue, and its claim in the query."""
    if not queue:
        return Place()
    found, claim = find_queue(int(queue)), request.GET.get("claim", "")
    return Place(found, claim_with(claim, queue=found, user=request.user))


def urls_of(queue: Queue) -> dict[str, str]:
    """Give the addresses of what is sent to a queue."""
    names = ("next", "skip", "undo", "renew")
    found = {name: reverse(f"review-{name}", args=[queue.pk]) for name in names}
    return {"queue": reverse("review-queue", args=[queue.pk]), **found}


def claim_with(text: str, *, queue: Queue, user: Any) -> Claim | None:
    """Find a person's claim in a queue; None where it is gone."""
    number = number_in(text)
    if number is None:
        return None
    held = Claim.objects.filter(pk=number, queue=queue, reviewer=user)
    return held.select_related("trace").first()


def claim_on(trace: Trace, *, queue: int, user: Any) -> int | str:
    """Give the id of a person's claim on a trace; nothing where there is none."""
    held = Claim.objects.filter(trace=trace, queue=queue, reviewer=user)
    return held.values_list("pk", flat=True).first() or ""


def last_review_of(*, queue: Queue, user: Any) -> Review:
    """Find what a person said last in a queue and did not undo; NotFound where there is nothing."""
    standing = Review.objects.standing().filter(queue=queue, reviewer=user)
    review = standing.select_related("trace").order_by("-pk").first()
    if review is None:
        raise NotFound("There is nothing of yours to undo in this queue.")
    return review


def claimed(*, queue: Queue, trace: Trace, by: Actor) -> tuple[Place, str]:
    """Claim a trace for whoever looks at it; where they may not, say so: it is read alone."""
    with refusable(Conflict, NotFound, PermissionDenied) as refused:
        return Place(queue, claim_trace(queue=queue, trace=trace, by=by)), ""
    return Place(queue), refused.text
