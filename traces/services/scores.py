"""Scores of traces: by our own scorers, and those that come from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from events.actors import Actor
from events.services import record_event
from traces.models import Score, Trace
from traces.scorers.named import scorer_here
from traces.scorers.scorer import (
    CannotScore,
    Content,
    PromptScorer,
    Scored,
    Scorer,
    TryAgain,
)
from traces.services.locking import locked_trace
from tunix_site.errors import Invalid, Unavailable, batch_detail

# In one order, as every writer of many scores takes its rows.
UPSERT = """
    INSERT INTO traces_score (trace_id, criteria, scorer_version, value, details, created_at)
    SELECT trace_id, criteria, scorer_version, value, details::jsonb, %s
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::float8[], %s::text[])
        AS sent (trace_id, criteria, scorer_version, value, details)
    ORDER BY trace_id, criteria COLLATE "C", scorer_version COLLATE "C"
    ON CONFLICT (trace_id, criteria, scorer_version) DO UPDATE SET
        value = EXCLUDED.value, details = EXCLUDED.details
    RETURNING xmax = 0 AS is_new
"""


@dataclass(frozen=True)
class NewScore:
    """What somebody else's scorer gave a trace."""

    trace_id: UUID
    criteria: str
    scorer_version: str
    value: float | None
    details: dict[str, Any]


def scored_here(*, trace_id: UUID, scorer: Scorer | PromptScorer, scored: Scored) -> NewScore:
    """Give what a scorer of ours gave a trace, as it is stored."""
    details = {
        **scored.details,
        "criteria": scorer.criteria,
        "scored_at": timezone.now().isoformat(),
    }
    return NewScore(trace_id, scorer.criteria, scorer.version, scored.value, details)


def score_trace(*, trace: Trace, criteria: str, by: Actor) -> Score:
    """Score a trace and store it, once per criteria and scorer version.

    Invalid where the trace lacks what the scorer needs, Unavailable where this is busy or gone.
    """
    scorer = scorer_here(criteria)
    new = scored_here(trace_id=trace.pk, scorer=scorer, scored=_scored(scorer, trace.content))
    with transaction.atomic():
        score, _ = Score.objects.update_or_create(
            trace=locked_trace(trace=trace),
            criteria=criteria,
            scorer_version=scorer.version,
            defaults={"value": new.value, "details": new.details},
        )
        record_event(
            by=by,
            action="score",
            object_type="trace",
            object_id=score.trace_id,
            after={"criteria": criteria, "version": scorer.version, "value": new.value},
        )
    return score


def _scored(scorer: Scorer, content: Content) -> Scored:
    try:
        return scorer.score(content)
    except CannotScore as error:
        raise Invalid({"criteria": [f"`{scorer.criteria}`: {error}"]}) from error
    except TryAgain as error:
        raise Unavailable(str(error)) from error


def store_scores(
    *, scores: Mapping[int, NewScore], refused: Mapping[int, Any], by: Actor
) -> dict[str, int]:
    """Store scores, in place of those of the same trace, criteria and version; count both kinds.

    All or nothing: Invalid where a trace is unknown or any was refused before, by position.
    """
    with transaction.atomic():
        held = _held({score.trace_id for score in scores.values()})
        unknown = {
            position: {"trace": [f"Trace {score.trace_id} not found."]}
            for position, score in scores.items()
            if score.trace_id not in held
        }
        errors = {**refused, **unknown}
        if errors:
            bad = f"{len(errors):,} bad score{'s' if len(errors) > 1 else ''}"
            raise Invalid(batch_detail(f"Nothing was stored: {bad}.", errors))
        record_event(
            by=by,
            action="score",
            object_type="trace",
            after={"criteria": sorted({score.criteria for score in scores.values()})},
            count=len(scores),
        )
        return _upsert(list(scores.values()))


def store_many(*, scores: Sequence[NewScore], job: UUID | None, by: Actor) -> int:
    """Store scores on one criterion, of the traces that are still there; give how many they are."""
    if not scores:
        return 0
    with transaction.atomic():
        held = _held({score.trace_id for score in scores})
        stored = [score for score in scores if score.trace_id in held]
        if stored:
            _upsert(stored)
            told = {"criteria": stored[0].criteria, "version": stored[0].scorer_version}
            record_event(
                by=by,
                action="score",
                object_type="trace",
                after={**told, "job": job} if job else told,
                count=len(stored),
            )
    return len(stored)


def _held(trace_ids: set[UUID]) -> set[UUID]:
    """Lock traces until the end of the transaction, in one order; leave out those not there."""
    traces = Trace.objects.select_for_update(no_key=True).filter(pk__in=trace_ids)
    return set(traces.order_by("pk").values_list("pk", flat=True))


def _upsert(scores: list[NewScore]) -> dict[str, int]:
    columns: list[list[Any]] = [
        [score.trace_id for score in scores],
        [score.criteria for score in scores],
        [score.scorer_version for score in scores],
        [score.value for score in scores],
        [msgspec.json.encode(score.details).decode() for score in scores],
    ]
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [timezone.now(), *columns])
        created = sum(is_new for (is_new,) in cursor.fetchall())
    return {"created_count": created, "updated_count": len(scores) - created}
