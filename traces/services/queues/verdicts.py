"""What a verdict does to the queues that its trace is in, and what undoing it does.

Counts of queues change last in a transaction, in one order: whoever gives a verdict on another of
their traces waits for that alone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from events.actors import Actor
from events.services import record_event
from traces.curation.members import QueueMember
from traces.curation.queues import Order, Queue
from traces.models import Review, Status, Trace
from tunix_site.database.statements import rows_of

DISPUTED = "Disputed"

_COUNT = """
    UPDATE traces_queuemember SET reviewers = reviewers || %(user)s::int
    WHERE trace_id = ANY(%(ids)s) AND NOT done AND NOT %(user)s = ANY(reviewers)
    RETURNING queue_id, done
"""
# Whoever judged the trace another time, since the queue or the dispute is there, still counts: but
# not where the verdict was by a claim, which nobody gets who counts already. Those whose verdicts
# differed come first in a dispute, which they are part of until it is over.
_TAKE_BACK = """
    UPDATE traces_queuemember AS member
    SET reviewers = array_remove(member.reviewers, %(user)s::int)
    FROM (SELECT id, done FROM traces_queuemember WHERE trace_id = ANY(%(ids)s)) AS was,
        traces_queue AS queue
    WHERE was.id = member.id AND queue.id = member.queue_id AND %(user)s = ANY(member.reviewers)
    AND NOT (queue.is_of_disputes AND %(user)s = ANY(member.reviewers[:member.wanted - 1]))
    AND (queue.id = %(claimed_in)s OR NOT EXISTS (
        SELECT FROM traces_review AS other
        WHERE other.trace_id = member.trace_id AND other.reviewer_id = %(user)s
        AND other.created_at >= CASE WHEN queue.is_of_disputes
            THEN to_timestamp(member.rank) ELSE queue.created_at END
        AND other.undoes_id IS NULL
        AND NOT EXISTS (SELECT FROM traces_review AS undo WHERE undo.undoes_id = other.id)
    ))
    RETURNING member.queue_id, was.done AND NOT member.done, member.reviewers
"""
# One that was decided before is open again.
_DISPUTE = """
    INSERT INTO traces_queuemember (queue_id, trace_id, filling, rank, wanted, reviewers)
    VALUES (%(queue)s, %(trace)s, 0, extract(epoch FROM statement_timestamp()), %(wanted)s,
        %(reviewers)s::int[])
    ON CONFLICT (trace_id, queue_id) DO UPDATE
    SET rank = EXCLUDED.rank, wanted = EXCLUDED.wanted, reviewers = EXCLUDED.reviewers
    WHERE traces_queuemember.done
    RETURNING xmax = 0
"""


class Decision(NamedTuple):
    """The status that a trace has after a verdict, and whose verdicts differ, by their ids."""

    status: str
    disputed_by: Sequence[int] = ()


def decided(*, trace: Trace, verdict: str, by: Actor) -> Decision:
    """Say what a verdict on a trace that is locked makes of it.

    Where a queue wants the verdict of another person as well, the status stays until theirs; the
    last one gives the status where all agree. Where they differ somebody else decides. A queue that
    was deleted wants nothing any more.
    """
    wanting = QueueMember.objects.filter(trace=trace, done=False, queue__deleted_at=None)
    members = list(wanting.select_related("queue"))
    closing = [one for one in members if _would_close(one, by)]
    if any(one.queue.is_of_disputes for one in closing):
        return Decision(verdict)
    if len(closing) < len(members):
        return Decision(trace.status)
    others = {person for one in closing for person in one.reviewers} - {by.user_id}
    if any(theirs != verdict for theirs in _verdicts_of(others, trace)):
        return Decision(Status.FLAGGED, sorted({*others, by.user.pk}))
    return Decision(verdict)


def _would_close(member: QueueMember, by: Actor) -> bool:
    return len({*member.reviewers, by.user.pk}) >= member.wanted


def _verdicts_of(people: set[int], trace: Trace) -> Iterable[str]:
    """Give the last verdict of each that stands."""
    if not people:
        return ()
    standing = Review.objects.standing().filter(trace=trace, reviewer__in=people)
    last = standing.order_by("reviewer", "-id").distinct("reviewer")
    return last.values_list("verdict", flat=True)


def count_verdicts(
    *, trace_ids: Sequence[UUID], by: Actor, disputed_by: Sequence[int] = ()
) -> None:
    """Count a person's verdicts on traces that are locked, in whatever queues they are.

    `disputed_by` is of the one trace whose verdicts differ.
    """
    came, left = Counter[int](), Counter[int]()
    for queue, done in rows_of(_COUNT, {"ids": list(trace_ids), "user": by.user.pk}):
        left[queue] -= done
    if disputed_by:
        queue = _queue_of_disputes(by).pk
        row = {"queue": queue, "trace": trace_ids[0], "wanted": len(disputed_by) + 1}
        for (is_new,) in rows_of(_DISPUTE, {**row, "reviewers": list(disputed_by)}):
            came[queue] += is_new
            left[queue] += 1
    _change_counts(came, left)


def take_back(*, review: Review, by: Actor) -> None:
    """Have a review that was just undone count no longer; its trace is locked.

    A dispute that it made is over: that between its reviewer and those who judged the trace before
    in the queues that it closed.
    """
    came, left = Counter[int](), Counter[int]()
    differed = {review.reviewer_id}
    of_review = {"ids": [review.trace_id], "user": review.reviewer_id}
    rows = rows_of(_TAKE_BACK, {**of_review, "claimed_in": review.queue_id})
    for queue, is_open_again, others in rows:
        left[queue] += is_open_again
        differed.update(others if is_open_again else ())
    for dispute in QueueMember.objects.disputes().filter(trace=review.trace_id):
        if {*dispute.reviewers} == differed:
            dispute.delete()
            came[dispute.queue_id] -= 1
            left[dispute.queue_id] -= 1
    _change_counts(came, left)


def take_back_many(*, trace_ids: Sequence[UUID], reviewer: int, by: Actor) -> None:
    """Have a person's reviews of a change of many traces count no longer; the traces are locked."""
    left = Counter[int]()
    of_reviews = {"ids": list(trace_ids), "user": reviewer}
    for queue, is_open_again, _ in rows_of(_TAKE_BACK, {**of_reviews, "claimed_in": None}):
        left[queue] += is_open_again
    _change_counts(Counter(), left)


def leave_queues(*, members: Sequence[QueueMember], by: Actor) -> None:
    """Count members no longer whose trace was just deleted."""
    came, left = Counter[int](), Counter[int]()
    for member in members:
        came[member.queue_id] -= 1
        left[member.queue_id] -= not member.done
    _change_counts(came, left)


def _queue_of_disputes(by: Actor) -> Queue:
    """Give the site's queue of disputes, which is made when the first one arises."""
    queue, created = Queue.objects.get_or_create(
        is_of_disputes=True,
        defaults={
            "name": DISPUTED,
            "order": Order.OLDEST,
            "where": {"disputed": True},
            "filled_at": timezone.now(),
        },
    )
    if created:
        record_event(
            by=by,
            action="create",
            object_type="queue",
            object_id=queue.pk,
            after={"name": queue.name},
            where=queue.where,
        )
    return queue


def _change_counts(came: Counter[int], left: Counter[int]) -> None:
    """Change what queues count; those that are deleted are counted no more."""
    for queue in sorted({*came, *left}):
        if came[queue] or left[queue]:
            Queue.objects.existing().filter(pk=queue).update(
                member_count=F("member_count") + came[queue],
                left_count=F("left_count") + left[queue],
            )
