"""What people say of traces: their verdicts and tags, each with what was before it.

Every change of a status or of tags is written here, whoever asks for it, one trace or an import,
but those of many at once (`bulk/rows.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied

from events.actors import Actor
from events.services import record_event
from traces.curation.members import Claim
from traces.curation.tags import TagChange
from traces.models import Review, Status, Trace
from traces.querysets import IMPORTED
from traces.services.locking import locked_trace
from traces.services.queues.claims import check_claim, end_claims
from traces.services.queues.verdicts import Decision, count_verdicts, decided, take_back
from tunix_site.access.roles import acts_as_superuser
from tunix_site.errors import Conflict, Invalid


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a person finds of a trace; labels are -1, 0 or 1 by the step's `i`."""

    status: str
    note: str = ""
    reasons: Sequence[str] = ()
    step_labels: Mapping[str, int] | None = None


class Unsaid(Enum):
    """That a person did not say which review of theirs they expect."""

    UNSAID = "unsaid"


UNSAID = Unsaid.UNSAID


def review_trace(
    *,
    trace: Trace,
    verdict: Verdict,
    by: Actor,
    expected_status: str | None = None,
    expected_review: int | Unsaid | None = UNSAID,
    claim: Claim | None = None,
) -> Review:
    """Record a verdict and give the trace its status.

    Where a queue wants the verdicts of two, the last one does; where these differ, the trace is
    flagged, and disputed until somebody else decides. A claim ends, and its queue is the review's.

    Conflict where the status, or the person's own last review that stands (None: there is none),
    is not what was expected, as somebody was there first; or where the claim expired and others
    hold the trace. Invalid where a label is of a step that the trace has not.
    """
    with transaction.atomic():
        trace = locked_trace(trace=trace)
        if expected_status is not None and trace.status != expected_status:
            raise Conflict(f"The status is {trace.status} by now, not {expected_status}.")
        if not isinstance(expected_review, Unsaid):
            _check_review(trace, expected_review, by)
        _check_labels(trace, verdict.step_labels or {})
        if claim is not None:
            check_claim(claim=claim, trace=trace, by=by)
        decision = decided(trace=trace, verdict=verdict.status, by=by)
        return _record(trace, verdict, by, decision, claim)


def judge(*, trace: Trace, verdict: Verdict, by: Actor) -> Review:
    """Record a verdict on a trace that is locked, which has its status at once."""
    return _record(trace, verdict, by, Decision(verdict.status))


def _record(
    trace: Trace, verdict: Verdict, by: Actor, decision: Decision, claim: Claim | None = None
) -> Review:
    review = Review.objects.create(
        trace=trace,
        reviewer=by.user,
        verdict=verdict.status,
        status_before=trace.status,
        note=verdict.note,
        reasons=list(verdict.reasons),
        step_labels=verdict.step_labels or None,
        queue_id=claim.queue_id if claim else None,
        guideline=claim.guideline if claim else None,
    )
    other = {} if decision.status == verdict.status else {"verdict": verdict.status}
    record_event(
        by=by,
        action="review",
        object_type="trace",
        object_id=trace.pk,
        before={"status": trace.status},
        after={"status": decision.status, "review": review.pk, **other},
    )
    _set_status(trace, decision.status)
    end_claims(trace=trace, by=by)
    count_verdicts(trace_ids=[trace.pk], by=by, disputed_by=decision.disputed_by)
    return review


def undo_review(*, review: Review, by: Actor) -> Review:
    """Take a verdict back: a review that undoes it, and the status that was before it.

    Forbidden where it is somebody else's, but to superusers. Conflict where it was undone, or a
    review since then stands.
    """
    if review.reviewer_id != by.user_id and not acts_as_superuser(by):
        raise PermissionDenied("It is somebody else's: undo your own.")
    with transaction.atomic():
        trace = locked_trace(trace=Trace(pk=review.trace_id))
        _check_undo(review)
        undo = Review.objects.create(
            trace=trace,
            reviewer=by.user,
            verdict=review.status_before,
            status_before=trace.status,
            queue_id=review.queue_id,
            undoes=review,
        )
        record_event(
            by=by,
            action="undo",
            object_type="trace",
            object_id=trace.pk,
            before={"status": trace.status, "review": review.pk},
            after={"status": undo.verdict, "review": undo.pk},
        )
        _set_status(trace, undo.verdict)
        take_back(review=review, by=by)
    return undo


def _check_undo(review: Review) -> None:
    if review.undoes_id is not None:
        raise Conflict("It undoes another one: review the trace anew.")
    if review.undone_by.exists():
        raise Conflict("It was undone already.")
    later = Review.objects.standing().filter(trace=review.trace_id, pk__gt=review.pk)
    if last := later.select_related("reviewer").first():
        raise Conflict(f"{last.reviewer} reviewed the trace since: review {last.pk}.")
    if not review.status_before:
        raise Conflict("What the status was before it was not noted then.")


def _set_status(trace: Trace, status: str) -> None:
    if trace.status != status:
        trace.status = status
        trace.save(update_fields=["status"])


def _check_review(trace: Trace, expected: int | None, by: Actor) -> None:
    standing = Review.objects.standing().filter(trace=trace, reviewer=by.user)
    last = standing.order_by("-id").values_list("pk", flat=True).first()
    if last != expected:
        raise Conflict(f"Your last review of it is {last or 'none'}, not {expected or 'none'}.")


def retag(*, trace: Trace, tags: list[str], by: Actor) -> None:
    """Give a trace that is locked other tags."""
    TagChange.objects.create(trace=trace, changed_by=by.user, before=trace.tags, after=tags)
    record_event(
        by=by,
        action="tag",
        object_type="trace",
        object_id=trace.pk,
        before={"tags": trace.tags},
        after={"tags": tags},
    )
    trace.tags = tags
    trace.save(update_fields=["tags"])


def store_imported(*, verdicts: Iterable[tuple[str, Verdict]], by: Actor) -> None:
    """Record the verdicts that came with new traces, by their ids; the traces have the status."""
    now = timezone.now()
    Review.objects.bulk_create(
        Review(
            trace_id=trace_id,
            reviewer=by.user,
            verdict=verdict.status,
            status_before=Status.UNREVIEWED,
            step_labels=verdict.step_labels or None,
            note=IMPORTED,
            created_at=now,
        )
        for trace_id, verdict in verdicts
    )


def _check_labels(trace: Trace, labels: Mapping[str, int]) -> None:
    known = {str(step["i"]) for step in trace.steps}
    if unknown := [name for name in labels if name not in known]:
        reasons = [f"{name}: The trace has no step of this i." for name in unknown[:10]]
        raise Invalid({"step_labels": reasons})
