"""A batch of traces: read, stored, answered for one by one."""

from dataclasses import dataclass
from typing import Any

from rest_framework import status

from events.actors import Actor
from traces.intake.bodies import read_batch
from traces.services.outcome import Entry, ExternalIdTaken
from traces.services.storing import create_batch
from tunix_site.errors import Invalid, batch_detail


@dataclass(frozen=True)
class Answer:
    status_code: int
    body: dict[str, Any]


def ingest_batch(body: Any, *, skip_bad: bool, by: Actor) -> Answer:
    """Read a batch and store it, all or nothing unless `skip_bad`; the answer lists every trace."""
    batch = read_batch(body)
    if batch.errors and not skip_bad:
        raise Invalid(batch_detail(f"Nothing was stored: {_bad(batch.errors)}.", batch.errors))
    try:
        outcome = create_batch(documents=batch.documents, skip_taken=skip_bad, by=by)
    except ExternalIdTaken as error:
        error.detail = batch_detail(
            f"Nothing was stored: {error.detail}", _as_errors(error.refused)
        )
        raise
    errors = {**batch.errors, **_as_errors(outcome.refused)}
    if len(errors) == len(batch.documents):
        raise Invalid(batch_detail(f"Nothing was stored: {_bad(errors)}.", errors))
    answer = {
        "created_count": len(outcome.created),
        "existing_count": sum(trace is not None for trace in outcome.traces) - len(outcome.created),
        "traces": [
            trace and _entry(trace, "created" if position in outcome.created else "exists")
            for position, trace in enumerate(outcome.traces)
        ],
    }
    if not errors:
        return Answer(status.HTTP_201_CREATED, answer)
    return Answer(
        status.HTTP_207_MULTI_STATUS,
        {**answer, **batch_detail(f"The rest was stored: {_bad(errors)}.", errors)},
    )


def _entry(trace: Entry, outcome: str) -> dict[str, Any]:
    return {
        "id": str(trace.id),
        "created_at": trace.created_at,
        "trace_version": trace.trace_version,
        "outcome": outcome,
    }


def _bad(errors: dict[int, Any]) -> str:
    return f"{len(errors):,} bad trace{'s' if len(errors) > 1 else ''}"


def _as_errors(refused: dict[int, str]) -> dict[int, Any]:
    return {index: {"external_id": [reason]} for index, reason in refused.items()}
