"""Writes of traces: creating, curating, scoring, deleting."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from rest_framework.exceptions import NotFound

from traces.document import TraceDocument
from traces.models import Review, Score, Trace
from traces.scoring import SCORERS
from tunix_site.errors import Conflict, Unavailable

ATTEMPTS = 5


@dataclass
class Outcome:
    """What became of a list of documents: the trace of each, new or not, or why there is none.

    `traces` is in the order of the documents and holds None where a document was refused;
    `created` holds the positions of the new ones.
    """

    traces: list[Trace | None]
    created: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)


class ExternalIdTaken(Conflict):
    """The (source, external_id) of some documents holds other content; `refused` says which."""

    def __init__(self, refused: dict[int, str]) -> None:
        super().__init__("An external_id is taken by a trace with other content.")
        self.refused = refused


class HolderDeleted(Unavailable):
    """The trace that held an external_id was deleted between two looks: the next try succeeds."""

    default_detail = "The trace that had an external_id was just deleted: send it again."


def create_traces(*, documents: Sequence[TraceDocument | None], skip_taken: bool) -> Outcome:
    """Store documents as traces in one transaction; None entries are passed over.

    A document whose (source, external_id) is stored with the same content exists already. With
    other content it is refused: alone if `skip_taken`, otherwise nothing is stored and
    ExternalIdTaken raised.
    """
    attempts_left = ATTEMPTS
    while True:
        attempts_left -= 1
        try:
            with transaction.atomic():
                return _create_traces(documents, skip_taken=skip_taken)
        except (OperationalError, HolderDeleted) as error:
            if not attempts_left or not _is_passing(error):
                raise


def _is_passing(error: Exception) -> bool:
    # Overlapping batches are inserted in one order; another writer's may still differ.
    return isinstance(error, HolderDeleted) or isinstance(error.__cause__, DeadlockDetected)


def _create_traces(documents: Sequence[TraceDocument | None], *, skip_taken: bool) -> Outcome:
    outcome = Outcome([])
    made = _made(documents, outcome)
    if any(document is not None and document.external_id for document in documents):
        _create_untaken(outcome, list(made), skip_taken=skip_taken)
    else:
        Trace.objects.bulk_create(made)
    return outcome


def _made(documents: Sequence[TraceDocument | None], outcome: Outcome) -> Iterator[Trace]:
    """Make the traces when they are asked for: the database writes the ones before meanwhile."""
    now = timezone.now()
    for position, document in enumerate(documents):
        if document is None:
            outcome.traces.append(None)
            continue
        trace = Trace.from_document(document, created_at=now)
        outcome.traces.append(trace)
        outcome.created.add(position)
        yield trace


def _create_untaken(outcome: Outcome, traces: list[Trace], *, skip_taken: bool) -> None:
    """Write the traces whose (source, external_id) is free; of several with one, the first."""
    first = {_name(trace): trace for trace in reversed(traces) if trace.external_id is not None}
    _settle(outcome, {**first, **_stored(first)}, skip_taken=skip_taken)
    new = [
        trace
        for position, trace in enumerate(outcome.traces)
        if trace is not None and position in outcome.created
    ]
    if not new or Trace.objects.create_unless_taken(new):
        return
    # somebody else was quicker with one of them
    Trace.objects.bulk_create(new, ignore_conflicts=True)
    stored = _stored(first)
    if len(stored) < len(first):
        raise HolderDeleted
    _settle(outcome, stored, skip_taken=skip_taken)


def _name(trace: Trace) -> tuple[str, str]:
    return trace.source, trace.external_id or ""


def _stored(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Trace]:
    return {_name(trace): trace for trace in Trace.objects.with_external_ids(names)}


def _settle(outcome: Outcome, holders: dict[tuple[str, str], Trace], *, skip_taken: bool) -> None:
    """Put the trace that holds a (source, external_id) in place of the others that want it.

    ExternalIdTaken where contents differ, unless `skip_taken`.
    """
    for position, trace in enumerate(outcome.traces):
        if trace is None or trace.external_id is None:
            continue
        holder = holders[_name(trace)]
        if holder.id == trace.id:
            continue
        outcome.created.discard(position)
        if holder.content_hash == trace.content_hash:
            outcome.traces[position] = holder
        else:
            outcome.traces[position] = None
            outcome.refused[position] = f"Trace {holder.id} has this external_id and other content."
    if outcome.refused and not skip_taken:
        raise ExternalIdTaken(outcome.refused)


def create_trace(*, document: TraceDocument) -> tuple[Trace, bool]:
    """Store one trace; return it and whether it is new. ExternalIdTaken as for many."""
    if document.external_id:
        outcome = create_traces(documents=[document], skip_taken=False)
        trace = outcome.traces[0]
        assert trace is not None  # noqa: S101  # refused ones are raised
        if outcome.created:
            return trace, True
        holder = Trace.objects.filter(pk=trace.pk).first()
        if holder is None:
            raise HolderDeleted
        return holder, False
    trace = Trace.from_document(document, created_at=timezone.now())
    trace.save(force_insert=True)
    return trace, True


def curate_trace(*, trace: Trace, user: Any, changes: dict[str, Any]) -> Trace:
    """Change status or tags; a change of status is recorded as the user's review."""
    with transaction.atomic():
        trace = _held(trace)
        status_changes = changes.get("status", trace.status) != trace.status
        for name, value in changes.items():
            setattr(trace, name, value)
        if changes:
            trace.save(update_fields=list(changes))
        if status_changes:
            Review.objects.create(trace=trace, reviewer=user, verdict=trace.status)
    return trace


def _held(trace: Trace) -> Trace:
    """Lock a trace until the end of the transaction; NotFound where it was deleted meanwhile."""
    held = Trace.objects.select_for_update(no_key=True).filter(pk=trace.pk).first()
    if held is None:
        raise NotFound(f"There is no trace {trace.pk}.")
    return held


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
    with transaction.atomic():
        score, _ = Score.objects.update_or_create(
            trace=_held(trace),
            criteria=criteria,
            scorer_version=scorer.version,
            defaults={"value": scored.value, "details": details},
        )
    return score
