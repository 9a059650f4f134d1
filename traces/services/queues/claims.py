"""Who works on which trace of a queue: no two on one, unless as many verdicts are wanted.

A claim counts until it expires, by the database's clock; nothing has to take it away.
"""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from rest_framework.exceptions import NotFound, PermissionDenied

from events.actors import Actor
from traces.curation.members import Claim, QueueMember
from traces.curation.queues import Queue
from traces.models import Trace
from traces.services.locking import locked_trace
from traces.services.queues.filling import fill_again
from tunix_site.access.roles import acts_as_superuser
from tunix_site.database.statements import rows_of
from tunix_site.errors import Conflict

LASTS = timedelta(minutes=10)
MOST_HELD = 2  # in a queue: the one that is worked on, and the one that is fetched beforehand
LOOKED_AT, MOST_LOOKED_AT = 10, 10_000  # members at once, of which one is taken
TURNS = 0x636C6169  # advisory locks: one for each person

GONE = "The claim ended, or was let go: take the next trace."
OTHERS_HOLD_IT = "Others work on the trace as many as it wants verdicts."
DONE = "The trace has the verdicts that the queue wanted."
LOST = "The claim expired, and others work on the trace or gave their verdicts."

# Claims on the trace count whatever queue they are of.
_FREE = """
    NOT member.done AND NOT %(user)s = ANY (member.reviewers) AND (
        SELECT count(*) FROM traces_claim AS claim
        WHERE claim.trace_id = member.trace_id AND claim.reviewer_id <> %(user)s
        AND claim.expires_at > statement_timestamp()
    ) < member.wanted - cardinality(member.reviewers)
"""
# OFFSET 0: what is asked of a member is asked of one after the other, in their order.
_WANTED = f"""
    member.queue_id = %(queue)s AND member.id <> ALL (%(tried)s::bigint[]) AND {_FREE}
    AND NOT EXISTS (
        SELECT FROM traces_claim AS mine
        WHERE mine.trace_id = member.trace_id AND mine.reviewer_id = %(user)s
        AND mine.expires_at > statement_timestamp() OFFSET 0
    )
"""
# By who judged them already, each such group by the index: whoever judged many walks past none.
_NEW = f"""
    WITH RECURSIVE judged AS (
        (SELECT reviewers FROM traces_queuemember
        WHERE queue_id = %(queue)s AND NOT done ORDER BY reviewers LIMIT 1)
        UNION ALL
        SELECT (
            SELECT reviewers FROM traces_queuemember
            WHERE queue_id = %(queue)s AND NOT done AND reviewers > judged.reviewers
            ORDER BY reviewers LIMIT 1
        ) FROM judged WHERE judged.reviewers IS NOT NULL
    )
    SELECT first.id FROM judged CROSS JOIN LATERAL (
        SELECT member.id, member.filling, member.rank, member.trace_id
        FROM traces_queuemember AS member
        WHERE member.reviewers = judged.reviewers AND {_WANTED} AND NOT EXISTS (
            SELECT FROM traces_skip AS skip
            WHERE skip.member_id = member.id AND skip.reviewer_id = %(user)s OFFSET 0
        ) ORDER BY member.filling, member.rank, member.trace_id LIMIT %(most)s
    ) AS first
    WHERE NOT %(user)s = ANY (judged.reviewers)
    ORDER BY first.filling, first.rank, first.trace_id LIMIT %(most)s
"""  # noqa: S608
_SKIPPED = f"""
    SELECT member.id FROM traces_skip AS skip
    JOIN traces_queuemember AS member ON member.id = skip.member_id
    WHERE skip.reviewer_id = %(user)s AND {_WANTED}
    ORDER BY skip.skipped_at, skip.id LIMIT %(most)s
"""  # noqa: S608
_LOCK = """
    SELECT member.id FROM unnest(%(members)s::bigint[]) WITH ORDINALITY AS asked (id, place)
    JOIN traces_queuemember AS member ON member.id = asked.id
    JOIN traces_trace AS trace ON trace.id = member.trace_id
    ORDER BY asked.place LIMIT 1 FOR NO KEY UPDATE OF trace SKIP LOCKED
"""
# A claim of one's own that expired, or is of another queue, becomes this one. One that is renewed
# keeps the guideline that was shown with it.
_CLAIM = f"""
    INSERT INTO traces_claim (queue_id, trace_id, reviewer_id, guideline, expires_at)
    SELECT member.queue_id, member.trace_id, %(user)s,
        (SELECT max(version) FROM traces_guideline WHERE queue_id = member.queue_id),
        statement_timestamp() + %(lasts)s
    FROM traces_queuemember AS member WHERE member.id = %(member)s AND {_FREE}
    ON CONFLICT (trace_id, reviewer_id) DO UPDATE SET queue_id = EXCLUDED.queue_id,
        guideline = CASE WHEN %(renews)s THEN traces_claim.guideline ELSE EXCLUDED.guideline END,
        expires_at = EXCLUDED.expires_at
    RETURNING id
"""  # noqa: S608
_MINE = """
    SELECT claim.id FROM traces_claim AS claim
    JOIN traces_queuemember AS member USING (trace_id, queue_id)
    JOIN traces_trace AS trace ON trace.id = claim.trace_id
    WHERE claim.reviewer_id = %(user)s AND claim.queue_id = %(queue)s
    AND claim.expires_at > statement_timestamp()
    AND NOT member.done AND NOT %(user)s = ANY (member.reviewers)
    ORDER BY trace.id FOR NO KEY UPDATE OF trace
"""
_RENEW = """
    UPDATE traces_claim SET expires_at = statement_timestamp() + %(lasts)s
    WHERE id = ANY (%(claims)s::bigint[]) AND expires_at > statement_timestamp() RETURNING id
"""
_HOLDS = f"""
    SELECT member.done, claim.expires_at > statement_timestamp() OR {_FREE}
    FROM traces_claim AS claim
    JOIN traces_queuemember AS member USING (trace_id, queue_id)
    WHERE claim.id = %(claim)s AND claim.reviewer_id = %(user)s AND claim.trace_id = %(trace)s
"""  # noqa: S608
_SKIP = """
    INSERT INTO traces_skip (member_id, reviewer_id, skipped_at)
    SELECT id, %(user)s, statement_timestamp() FROM traces_queuemember
    WHERE trace_id = %(trace)s AND queue_id = %(queue)s
    ON CONFLICT (member_id, reviewer_id) DO UPDATE SET skipped_at = EXCLUDED.skipped_at
"""


def claim_next(*, queue: Queue, by: Actor, after: Claim | None = None) -> Claim | None:
    """Claim the next trace for a person; None where there is none for them.

    Without `after`, the one that they work on comes again. `after` is that one: it stays, and this
    is a second one. More than these two in a queue are let go, the older ones.
    """
    _check_people(queue, by)
    values = {"queue": queue.pk, "user": by.user.pk}
    with transaction.atomic():
        _take_turn(by.user)
        mine = _renewed([identity for (identity,) in rows_of(_MINE, values)])
        kept = [] if after is None else [after.pk]
        others = [identity for identity in mine if identity not in kept]
        kept += others[: MOST_HELD - len(kept)]
        found = others[0] if others else _take_next(values)
        let_go = Claim.objects.filter(queue=queue, reviewer=by.user)
        let_go.exclude(pk__in=kept if found is None else [*kept, found]).delete()
        fill_again(queue=queue, by=by)
        return None if found is None else _shown(found, queue)


def _renewed(claims: list[int]) -> list[int]:
    """Have claims on traces that are locked last; give those that had not expired, oldest first."""
    return sorted(claim for (claim,) in rows_of(_RENEW, {"claims": claims, "lasts": LASTS}))


def _take_next(values: dict[str, Any]) -> int | None:
    """Lock the trace of the first member that is free, and claim it; give the claim's id.

    Whether it is free is asked once more when the lock is held: a claim that was committed between
    the first statement's snapshot and the lock is seen by a second one alone.
    """
    tried: list[int] = []
    for candidates in (_NEW, _SKIPPED):
        most = LOOKED_AT
        while rows := rows_of(candidates, {**values, "tried": tried, "most": most}):
            members = [member for (member,) in rows]
            for (member,) in rows_of(_LOCK, {"members": members}):
                if claimed := _claim(member, values["user"]):
                    return claimed
                tried.append(member)
                break
            else:  # others hold all of these, as a bulk change does
                tried += members
                most = min(10 * most, MOST_LOOKED_AT)
    return None


def _claim(member: int, user: int, *, renews: bool = False) -> int | None:
    """Claim a member whose trace is locked; None where others hold it, or it is done."""
    values = {"member": member, "user": user, "lasts": LASTS, "renews": renews}
    for (claim,) in rows_of(_CLAIM, values):
        return int(claim)
    return None


def claim_trace(*, queue: Queue, trace: Trace, by: Actor) -> Claim:
    """Claim this trace; NotFound where it is not in the queue, Conflict where others hold it."""
    _check_people(queue, by)
    with transaction.atomic():
        locked_trace(trace=trace)
        member = QueueMember.objects.filter(queue=queue, trace=trace).first()
        if member is None:
            raise NotFound(f"Trace {trace.pk} is not in the queue.")
        return _shown(_claimed(member, by), queue)


def renew_claim(*, claim: Claim, by: Actor) -> Claim:
    """Have a claim last ten minutes from now; Conflict where it expired and others hold the trace.

    NotFound where it is gone, or somebody else's.
    """
    with transaction.atomic():
        locked_trace(trace=Trace(pk=claim.trace_id))
        held = Claim.objects.filter(pk=claim.pk, reviewer=by.user).first()
        member = QueueMember.objects.filter(queue=claim.queue_id, trace=claim.trace_id).first()
        if held is None or member is None:
            raise NotFound(GONE)
        return _shown(_claimed(member, by, renews=True), held.queue)


def _claimed(member: QueueMember, by: Actor, *, renews: bool = False) -> int:
    if member.done:
        raise Conflict(DONE)
    if by.user.pk in member.reviewers:
        raise Conflict("You gave your verdict: the queue waits for that of somebody else.")
    claimed = _claim(member.pk, by.user.pk, renews=renews)
    if claimed is None:
        raise Conflict(OTHERS_HOLD_IT)
    return claimed


def release_claim(*, claim: Claim, by: Actor, skip: bool = False) -> None:
    """Let a trace go; one that is skipped comes back to this person last, to others as usual.

    NotFound where the claim is gone, or somebody else's.
    """
    with transaction.atomic():
        deleted, _ = Claim.objects.filter(pk=claim.pk, reviewer=by.user).delete()
        if not deleted:
            raise NotFound(GONE)
        if skip:
            skipped = {"trace": claim.trace_id, "queue": claim.queue_id, "user": by.user.pk}
            with connection.cursor() as cursor:
                cursor.execute(_SKIP, skipped)


def own_claim(*, identity: int, by: Actor, queue: Queue | None = None) -> Claim:
    """Fetch a claim that a person says they have, in a queue or any; Conflict where it is gone."""
    claims = Claim.objects.filter(pk=identity, reviewer=by.user)
    claim = claims.first() if queue is None else claims.filter(queue=queue).first()
    if claim is None:
        raise Conflict(GONE)
    return claim


def check_claim(*, claim: Claim, trace: Trace, by: Actor) -> None:
    """Check that a person may give a verdict on a trace that is locked; Conflict where not."""
    values = {"claim": claim.pk, "trace": trace.pk, "user": by.user.pk}
    rows = rows_of(_HOLDS, values)
    if not rows:
        raise Conflict(GONE)
    [(is_done, is_held)] = rows
    if is_done:
        raise Conflict(f"{DONE} Others reviewed it meanwhile: it is {trace.status} by now.")
    if not is_held:
        raise Conflict(LOST)


def end_claims(*, trace: Trace, by: Actor) -> None:
    """End what a person holds of a trace, as they gave their verdict."""
    Claim.objects.filter(trace=trace, reviewer=by.user).delete()


def end_claims_in(*, queue: Queue, by: Actor) -> None:
    """End what is held in a queue that was just deleted.

    What is taken or ended right now is passed over, and expires: whoever does that waits for the
    queue's counts, and we for them.
    """
    free = Claim.objects.filter(queue=queue).select_for_update(skip_locked=True)
    Claim.objects.filter(pk__in=list(free.values_list("pk", flat=True))).delete()


def end_claims_of(*, person: Any, by: Actor) -> None:
    """End all that somebody holds who leaves: before their queues change, as a verdict does."""
    _take_turn(person)
    Claim.objects.filter(reviewer=person).delete()


def _take_turn(person: Any) -> None:
    """Have a person take several claims, or let them go, at one place at a time."""
    rows_of("SELECT pg_advisory_xact_lock(%s, %s)", [TURNS, person.pk])


def _check_people(queue: Queue, by: Actor) -> None:
    if acts_as_superuser(by):
        return
    people = set(queue.people.values_list("pk", flat=True))
    if people and by.user.pk not in people:
        raise PermissionDenied("The queue is for others.")


def _shown(identity: int, queue: Queue) -> Claim:
    claim = Claim.objects.select_related("trace").get(pk=identity)
    claim.queue = queue
    return claim
