"""What becomes of the rows of a piece of many traces, which are locked: in few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from events.actors import Actor
from traces.services.queues.verdicts import count_verdicts, take_back_many

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
    RETURNING trace_id
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


# What a job made of each trace, if that still stands, and whether it was changed since.
_FOUND = """
    WITH said AS MATERIALIZED (
        SELECT id, trace_id, reviewer_id, verdict, job, undoes_id
        FROM traces_review WHERE trace_id = ANY(%(ids)s)
    ),
    standing AS MATERIALIZED (
        SELECT *, max(id) OVER (PARTITION BY trace_id) AS last FROM said
        WHERE undoes_id IS NULL
        AND NOT EXISTS (SELECT FROM said AS undo WHERE undo.undoes_id = said.id)
    ),
    tagged AS MATERIALIZED (
        SELECT id, trace_id, after, job, max(id) OVER (PARTITION BY trace_id) AS last
        FROM traces_tagchange WHERE trace_id = ANY(%(ids)s)
    )
    SELECT trace.id, review.id, review.reviewer_id, retag.id,
        coalesce(review.last > review.id OR trace.status <> review.verdict, false)
        OR coalesce(retag.last > retag.id OR trace.tags <> retag.after, false)
    FROM traces_trace AS trace
    LEFT JOIN standing AS review ON review.trace_id = trace.id AND review.job = %(job)s
    LEFT JOIN tagged AS retag ON retag.trace_id = trace.id AND retag.job = %(job)s
    WHERE trace.id = ANY(%(ids)s) AND coalesce(review.id, retag.id) IS NOT NULL
    ORDER BY trace.id
"""
_REVIEW_BACK = """
    INSERT INTO traces_review
        (trace_id, reviewer_id, verdict, status_before, note, job, undoes_id, created_at)
    SELECT trace_id, %(user)s, status_before, verdict, '', %(job)s, id, statement_timestamp()
    FROM traces_review WHERE id = ANY(%(reviews)s) ORDER BY trace_id
"""
_RETAG_BACK = """
    INSERT INTO traces_tagchange (trace_id, changed_by_id, before, after, job, created_at)
    SELECT trace_id, %(user)s, after, before, %(job)s, statement_timestamp()
    FROM traces_tagchange WHERE id = ANY(%(retags)s) ORDER BY trace_id
"""
_CHANGE_BACK = """
    UPDATE traces_trace AS trace
    SET status = coalesce(review.status_before, status), tags = coalesce(retag.before, tags)
    FROM unnest(%(ids)s::uuid[]) AS restored (id)
    LEFT JOIN traces_review AS review
        ON review.trace_id = restored.id AND review.id = ANY(%(reviews)s)
    LEFT JOIN traces_tagchange AS retag
        ON retag.trace_id = restored.id AND retag.id = ANY(%(retags)s)
    WHERE trace.id = restored.id
"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of many traces."""

    status: str | None = None
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()


class _Found(NamedTuple):
    trace: UUID
    review: int | None
    reviewer: int | None
    retag: int | None
    is_touched: bool


def change_rows(
    *, trace_ids: list[UUID], change: Change, by: Actor, job: UUID, max_tags: int
) -> tuple[int, list[UUID]]:
    """Change traces that are locked, in few statements; whoever changes all of them tells of it.

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
    reviewed: list[UUID] = []
    with connection.cursor() as cursor:
        if change.add_tags:
            cursor.execute(_TOO_MANY, values)
            refused = [identity for (identity,) in cursor.fetchall()]
            left = set(refused)
            values["ids"] = [identity for identity in trace_ids if identity not in left]
        if change.status:
            cursor.execute(_REVIEW, values)
            reviewed = [identity for (identity,) in cursor.fetchall()]
        if change.add_tags or change.remove_tags:
            cursor.execute(_RETAG, values)
        cursor.execute(_CHANGE, values)
        changed = cursor.rowcount
    if reviewed:
        count_verdicts(trace_ids=reviewed, by=by)
    return changed, refused


def change_rows_back(
    *, trace_ids: list[UUID], undone: UUID, by: Actor, job: UUID
) -> tuple[int, list[UUID]]:
    """Undo what the job `undone` made of traces that are locked; whoever undoes it all tells of it.

    Gives how many are as before, and those left as they are since what it changed of them, status
    or tags, was changed again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, {"ids": trace_ids, "job": undone})
        found = [_Found(*row) for row in cursor.fetchall()]
        restored = [one for one in found if not one.is_touched]
        values = {
            "ids": [one.trace for one in restored],
            "reviews": [one.review for one in restored if one.review],
            "retags": [one.retag for one in restored if one.retag],
            "user": by.user.pk,
            "job": job,
        }
        for statement in (_REVIEW_BACK, _RETAG_BACK, _CHANGE_BACK):
            cursor.execute(statement, values)
    for reviewer in {one.reviewer for one in restored if one.reviewer}:
        judged = [one.trace for one in restored if one.reviewer == reviewer]
        take_back_many(trace_ids=judged, reviewer=reviewer, by=by)
    return len(restored), [one.trace for one in found if one.is_touched]
