"""What people say of traces: their verdicts and tags, each with what was before it.

Every change of a status or of tags is written here, whoever asks for it: one trace, all that match
a filter, or an import.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from events.actors import Actor
from events.services import record_event
from traces.models import Review, Status, TagChange, Trace
from traces.services.locking import locked_trace
from tunix_site.errors import Conflict, Invalid

IMPORTED = "imported"  # the note of a review that came with its trace

# Tags that are there already keep their place; new ones come behind, each once.
_TAGS = """
    (tags - %(remove_tags)s::text[]) || (
        SELECT coalesce(jsonb_agg(tag ORDER BY place), '[]')
        FROM unnest(%(add_tags)s::text[]) WITH ORDINALITY AS added (tag, place)
        WHERE NOT tags ? tag
    )
"""
_TOO_MANY = f"""
    SELECT id FROM traces_trace
    WHERE id = ANY(%(ids)s) AND jsonb_array_length({_TAGS}) > %(max_tags)s ORDER BY id
"""  # noqa: S608
_REVIEW = """
    INSERT INTO traces_review (trace_id, reviewer_id, verdict, status_before, note, job, created_at)
    SELECT id, %(user)s, %(status)s, status, '', %(job)s, statement_timestamp()
    FROM traces_trace WHERE id = ANY(%(ids)s) AND status <> %(status)s ORDER BY id
"""
_RETAG = f"""
    INSERT INTO traces_tagchange (trace_id, changed_by_id, before, after, job, created_at)
    SELECT id, %(user)s, tags, {_TAGS}, %(job)s, statement_timestamp()
    FROM traces_trace WHERE id = ANY(%(ids)s) AND tags <> {_TAGS} ORDER BY id
"""  # noqa: S608
_CHANGE = f"""
    UPDATE traces_trace AS trace SET status = changed.status, tags = changed.tags
    FROM (
        SELECT id, coalesce(%(status)s, status) AS status, {_TAGS} AS tags
        FROM traces_trace WHERE id = ANY(%(ids)s)
    ) AS changed
    WHERE trace.id = changed.id
    AND (trace.status, trace.tags) IS DISTINCT FROM (changed.status, changed.tags)
"""  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a person finds of a trace; labels are -1, 0 or 1 by the step's `i`."""

    status: str
    note: str = ""
    reasons: Sequence[str] = ()
    step_labels: Mapping[str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of many traces."""

    status: str | None = None
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()


def review_trace(
    *, trace: Trace, verdict: Verdict, by: Actor, expected_status: str | None = None
) -> Review:
    """Record a verdict and give the trace its status.

    Conflict where the status is not the one that was expected: somebody else was there first.
    Invalid where a label is of a step that the trace has not.
    """
    with transaction.atomic():
        trace = locked_trace(trace=trace)
        if expected_status is not None and trace.status != expected_status:
            raise Conflict(f"The status is {trace.status} by now, not {expected_status}.")
        _check_labels(trace, verdict.step_labels or {})
        return judge(trace=trace, verdict=verdict, by=by)


def judge(*, trace: Trace, verdict: Verdict, by: Actor) -> Review:
    """Record a verdict on a trace that is locked."""
    review = Review.objects.create(
        trace=trace,
        reviewer=by.user,
        verdict=verdict.status,
        status_before=trace.status,
        note=verdict.note,
        reasons=list(verdict.reasons),
        step_labels=verdict.step_labels or None,
    )
    record_event(
        by=by,
        action="review",
        object_type="trace",
        object_id=trace.pk,
        before={"status": trace.status},
        after={"status": verdict.status, "review": review.pk},
    )
    if trace.status != verdict.status:
        trace.status = verdict.status
        trace.save(update_fields=["status"])
    return review


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


def change_many(
    *, trace_ids: list[UUID], change: Change, by: Actor, job: UUID, max_tags: int
) -> tuple[int, list[UUID]]:
    """Change traces that are locked, in four statements; whoever changes all of them tells of it.

    Gives how many were changed, and those left as they are since they would have too many tags.
    """
    values = {
        "ids": trace_ids,
        "status": change.status,
        "add_tags": list(dict.fromkeys(change.add_tags)),
        "remove_tags": list(change.remove_tags),
        "max_tags": max_tags,
        "user": by.user.pk,
        "job": job,
    }
    refused: list[UUID] = []
    with connection.cursor() as cursor:
        if change.add_tags:
            cursor.execute(_TOO_MANY, values)
            refused = [identity for (identity,) in cursor.fetchall()]
            left = set(refused)
            values["ids"] = [identity for identity in trace_ids if identity not in left]
        if change.status:
            cursor.execute(_REVIEW, values)
        if change.add_tags or change.remove_tags:
            cursor.execute(_RETAG, values)
        cursor.execute(_CHANGE, values)
        return cursor.rowcount, refused


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
