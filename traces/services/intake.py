"""Storing documents as traces, each external_id once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import OperationalError, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from uuid_utils.compat import uuid7

from traces.document import TraceDocument
from traces.models import Trace
from tunix_site.errors import Conflict, Unavailable

ATTEMPTS = 5

Name = tuple[str, str]  # source and external_id, by which a client knows a trace


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
    intake = _Intake(documents)
    if not intake.names:
        Trace.objects.bulk_create(intake.new())
        return intake.outcome
    names = set(intake.names.values())
    stored = _stored(names)
    if stored or len(names) < len(intake.names):
        intake.settle(stored, skip_taken=skip_taken)
    if intake.outcome.created and not Trace.objects.create_unless_taken(intake.new()):
        # somebody else was quicker with one of the names
        Trace.objects.bulk_create(intake.new(), ignore_conflicts=True)
        stored = _stored(names)
        if stored.keys() != names:
            raise HolderDeleted
        intake.settle(stored, skip_taken=skip_taken)
    return intake.outcome


def _stored(names: Iterable[Name]) -> dict[Name, Trace]:
    return {
        (trace.source, trace.external_id or ""): trace
        for trace in Trace.objects.with_external_ids(names)
    }


class _Intake:
    """Documents on their way into the database, and what becomes of them.

    A trace is made when it is to be written: the database writes the ones before meanwhile. Ids
    are given at once, in the order of the documents.
    """

    def __init__(self, documents: Sequence[TraceDocument | None]) -> None:
        self.documents = documents
        self.now = timezone.now()
        self.ids = [uuid7() for _ in documents]
        self.outcome = Outcome([None] * len(documents))
        self.names: dict[int, Name] = {}  # by position
        for position, document in enumerate(documents):
            if document is not None:
                self.outcome.created.add(position)
                if document.external_id:
                    source = (document.meta or {}).get("source", "")
                    self.names[position] = source, document.external_id

    def new(self) -> Iterator[Trace]:
        """Give those that are to be written, in the order of source and external_id."""
        order = self._order if self.names else None
        return map(self.trace_at, sorted(self.outcome.created, key=order))

    def _order(self, position: int) -> tuple[bool, Name, int]:
        name = self.names.get(position)
        return name is None, name or ("", ""), position

    def trace_at(self, position: int) -> Trace:
        trace = self.outcome.traces[position]
        if trace is None:
            document = self.documents[position]
            assert document is not None  # noqa: S101  # it is no new one
            trace = Trace.from_document(document, identity=self.ids[position], created_at=self.now)
            self.outcome.traces[position] = trace
        return trace

    def settle(self, stored: dict[Name, Trace], *, skip_taken: bool) -> None:
        """Put the trace that holds a name, stored or the first here, in place of the others.

        ExternalIdTaken where contents differ, unless `skip_taken`.
        """
        holders, outcome = dict(stored), self.outcome
        for position, name in self.names.items():
            if position in outcome.refused:
                continue
            trace = self.trace_at(position)
            holder = holders.setdefault(name, trace)
            if holder.id == trace.id:
                continue
            outcome.created.discard(position)
            if holder.content_hash == trace.content_hash:
                outcome.traces[position] = holder
            else:
                outcome.traces[position] = None
                outcome.refused[position] = (
                    f"Trace {holder.id} has this external_id and other content."
                )
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
