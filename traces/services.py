"""Writes of traces: creating, curating, scoring, deleting."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from traces.document import TraceDocument
from traces.models import Review, Score, Trace
from traces.scoring import SCORERS
from tunix_site.errors import Conflict

DEADLOCK_ATTEMPTS = 5


@dataclass
class Outcome:
    """What became of a list of documents: the trace of each, new or not, or why there is none.

    `traces` is in the order of the documents and holds None where a document was refused.
    """

    traces: list[Trace | None]
    created: set[uuid.UUID] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)


class ExternalIdTaken(Conflict):
    """The (source, external_id) of some documents holds other content; `refused` says which."""

    def __init__(self, refused: dict[int, str]) -> None:
        super().__init__("An external_id is taken by a trace with other content.")
        self.refused = refused


def create_traces(*, documents: Sequence[TraceDocument | None], skip_taken: bool) -> Outcome:
    """Store documents as traces in one transaction; None entries are passed over.

    A document whose (source, external_id) is stored with the same content exists already. With
    other content it is refused: alone if `skip_taken`, otherwise nothing is stored and
    ExternalIdTaken raised.
    """
    for attempt in range(1, DEADLOCK_ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _create_traces(documents, skip_taken=skip_taken)
        except OperationalError as error:
            # Overlapping batches are inserted in one order; another writer's may still differ.
            if not isinstance(error.__cause__, DeadlockDetected) or attempt == DEADLOCK_ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _create_traces(documents: Sequence[TraceDocument | None], *, skip_taken: bool) -> Outcome:
    now = timezone.now()
    traces = [
        None if document is None else Trace.from_document(document, created_at=now)
        for document in documents
    ]
    outcome = Outcome(traces)
    plain = [trace for trace in traces if trace is not None and trace.external_id is None]
    named = [trace for trace in traces if trace is not None and trace.external_id is not None]
    if plain:
        Trace.objects.bulk_create(plain)
    if named:
        Trace.objects.bulk_create(named, ignore_conflicts=True)
        _settle(outcome, named)
    outcome.created.update(trace.id for trace in plain)
    if outcome.refused and not skip_taken:
        raise ExternalIdTaken(outcome.refused)
    return outcome


def _settle(outcome: Outcome, named: list[Trace]) -> None:
    """Put the stored trace of each (source, external_id) in place of the one that lost."""
    stored = {
        (trace.source, trace.external_id): trace
        for trace in Trace.objects.with_external_ids(
            [(trace.source, trace.external_id or "") for trace in named]
        )
    }
    for position, trace in enumerate(outcome.traces):
        if trace is None or trace.external_id is None:
            continue
        holder = stored[trace.source, trace.external_id]
        if holder.id == trace.id:
            outcome.created.add(trace.id)
        elif holder.content_hash == trace.content_hash:
            outcome.traces[position] = holder
        else:
            outcome.traces[position] = None
            outcome.refused[position] = f"Trace {holder.id} has this external_id and other content."


def create_trace(*, document: TraceDocument) -> tuple[Trace, bool]:
    """Store one trace; return it and whether it is new. ExternalIdTaken as for many."""
    if document.external_id:
        outcome = create_traces(documents=[document], skip_taken=False)
        trace = outcome.traces[0]
        assert trace is not None  # noqa: S101  # refused ones are raised
        if trace.id in outcome.created:
            return trace, True
        return Trace.objects.get(pk=trace.pk), False
    trace = Trace.from_document(document, created_at=timezone.now())
    trace.save(force_insert=True)
    return trace, True


def curate_trace(*, trace: Trace, user: Any, changes: dict[str, Any]) -> Trace:
    """Change status or tags; a change of status is recorded as the user's review."""
    with transaction.atomic():
        trace = Trace.objects.select_for_update().get(pk=trace.pk)
        status_changes = changes.get("status", trace.status) != trace.status
        for name, value in changes.items():
            setattr(trace, name, value)
        if changes:
            trace.save(update_fields=list(changes))
        if status_changes:
            Review.objects.create(trace=trace, reviewer=user, verdict=trace.status)
    return trace


def delete_trace(*, trace: Trace) -> None:
    """Delete a trace with its scores and reviews; Conflict names the datasets that hold it."""
    try:
        with transaction.atomic():
            trace.delete()
    except ProtectedError as error:
        holders = sorted({str(holder) for holder in error.protected_objects})
        raise Conflict(f"The trace is held by: {', '.join(holders)}.") from None
    except IntegrityError:
        # a dataset took it between the look and the deletion
        raise Conflict("The trace is held by a dataset that was just built.") from None


def score_trace(*, trace: Trace, criteria: str) -> Score:
    """Score a trace and store it, once per criteria and scorer version."""
    scorer = SCORERS[criteria]
    scored = scorer.score(trace.steps)
    details = {**scored.details, "criteria": criteria, "scored_at": timezone.now().isoformat()}
    score, _ = Score.objects.update_or_create(
        trace=trace,
        criteria=criteria,
        scorer_version=scorer.version,
        defaults={"value": scored.value, "details": details},
    )
    return score
