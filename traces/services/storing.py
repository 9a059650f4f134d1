"""Storing documents as traces, each external_id once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from uuid_utils import UUID, uuid7

from events.actors import Actor
from events.services import record_event
from traces.copy_in import TraceRow, row_of
from traces.document import TraceDocument, content_hash, ordered
from traces.models import Status, Trace
from tunix_site.errors import Conflict, Unavailable

T = TypeVar("T")

ATTEMPTS = 5
UNREVIEWED = Status.UNREVIEWED.value
SAMPLE = 16  # names that are looked up before all are

Name = tuple[str, str]  # source and external_id, by which a client knows a trace


class Entry(NamedTuple):
    """What an answer says of a stored trace."""

    id: UUID
    created_at: datetime
    trace_version: str


Reread = Callable[[Mapping[int, Entry]], set[int]]


@dataclass
class Outcome:
    """What became of a list of documents: the trace of each, new or not, or why there is none.

    `traces` is in the order of the documents and holds None where a document was refused;
    `created` holds the positions of the new ones, `reread` of those that exist with the content
    that an earlier version read.
    """

    traces: list[Entry | None]
    created: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)
    reread: set[int] = field(default_factory=set)


class ExternalIdTaken(Conflict):
    """The (source, external_id) of some documents holds other content; `refused` says which."""

    def __init__(self, refused: dict[int, str]) -> None:
        super().__init__("An external_id is taken by a trace with other content.")
        self.refused = refused


class HolderDeleted(Unavailable):
    """The trace that held an external_id was deleted between two looks: the next try succeeds."""

    default_detail = "The trace that had an external_id was just deleted: send it again."


class Contended(Unavailable):
    """Another transaction stores the same external_ids in another order, and goes on doing so."""

    default_detail = "Others are storing traces of the same external_ids: send it again later."


def create_traces(
    *,
    documents: Sequence[TraceDocument | None],
    skip_taken: bool,
    by: Actor,
    statuses: Mapping[int, str] | None = None,
    originals: Mapping[int, dict[str, Any]] | None = None,
    reread: Reread = lambda _: set(),
) -> Outcome:
    """Store documents as traces in one transaction; None entries are passed over.

    A document whose (source, external_id) is stored with the same content exists already. With
    other content it is refused: alone if `skip_taken`, otherwise nothing is stored and
    ExternalIdTaken raised. `statuses` are by position; a new trace without one is unreviewed.
    `originals`, by position as well, are kept beside. `reread` is given the holders of other
    content by position, and gives the positions whose document comes from the holder's own record:
    these exist, read differently. Each trace keeps who brought it in: whoever stores a part of
    something larger tells of the whole.
    """

    def store() -> Outcome:
        intake = _Intake(documents, by, statuses, originals, reread)
        return _create_traces(intake, skip_taken=skip_taken)

    return _patiently(store)


def create_batch(
    *, documents: Sequence[TraceDocument | None], skip_taken: bool, by: Actor
) -> Outcome:
    """Store a batch of documents as `create_traces`, with the one row that tells of it."""

    def store() -> Outcome:
        outcome = _create_traces(_Intake(documents, by), skip_taken=skip_taken)
        if outcome.created:
            record_event(by=by, action="create", object_type="trace", count=len(outcome.created))
        return outcome

    return _patiently(store)


def _patiently(store: Callable[[], T]) -> T:
    """Do it in one transaction, again where what prevents it passes."""
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic():
                return store()
        except (OperationalError, HolderDeleted) as error:
            if not _is_passing(error):
                raise
            if not attempts_left:
                raise error if isinstance(error, HolderDeleted) else Contended from error
    raise AssertionError("the last attempt returns or raises")


def _is_passing(error: Exception) -> bool:
    # Overlapping batches are inserted in one order; another writer's may still differ.
    return isinstance(error, HolderDeleted) or isinstance(error.__cause__, DeadlockDetected)


def _create_traces(intake: "_Intake", *, skip_taken: bool) -> Outcome:
    if not intake.names:
        Trace.objects.bulk_create(intake.rows())
        return intake.outcome
    names = set(intake.names.values())
    if len(names) < len(intake.names) or _stored(_sample(names)):
        intake.settle(_stored(names), skip_taken=skip_taken)
    if intake.outcome.created and not _insert_unless_taken(intake):
        # some are stored that the sample did not show, or somebody else was quicker
        before = _stored(names)
        intake.settle(before, skip_taken=skip_taken)
        # those that were there existed, whatever becomes of them now
        after = _insert_others(intake, names - before.keys())
        intake.settle({**before, **after}, skip_taken=skip_taken)
    return intake.outcome


def _insert_unless_taken(intake: "_Intake") -> bool:
    """Write all, or none where the name of one is taken.

    They go in the order of their names: two batches that share some in different orders would each
    wait for what the other holds.
    """
    try:
        with transaction.atomic():
            Trace.objects.bulk_create(intake.rows())
    except IntegrityError:
        return False
    return True


def _insert_others(intake: "_Intake", names: set[Name]) -> dict[Name, Trace]:
    """Write what is not stored, and give what holds its names then, of ours or of others'."""
    for _ in range(ATTEMPTS):
        Trace.objects.bulk_create(intake.rows(), ignore_conflicts=True)
        stored = _stored(names) if names else {}
        if stored.keys() == names:
            return stored
        # another's, which kept ours out, was deleted since: ours may go in now
    raise HolderDeleted


def _sample(names: set[Name]) -> list[Name]:
    """Give a few names, which tell next to nothing's price whether they were sent before."""
    return list(islice(names, SAMPLE))


def _stored(names: Iterable[Name]) -> dict[Name, Trace]:
    return {
        (trace.source, trace.external_id or ""): trace
        for trace in Trace.objects.with_external_ids(names)
    }


class _Intake:
    """Documents on their way into the database, and what becomes of them.

    A row is made when it is to be written: the database writes the ones before meanwhile. Ids are
    given at once, in the order of the documents.
    """

    def __init__(
        self,
        documents: Sequence[TraceDocument | None],
        by: Actor,
        statuses: Mapping[int, str] | None = None,
        originals: Mapping[int, dict[str, Any]] | None = None,
        reread: Reread = lambda _: set(),
    ) -> None:
        self.documents = documents
        self.by = by
        self.statuses = statuses or {}
        self.originals = originals or {}
        self.reread = reread
        self.now = timezone.now()
        self.outcome = Outcome([None] * len(documents))
        self.names: dict[int, Name] = {}  # by position
        for position, trace in enumerate(documents):
            if trace is not None:
                self.outcome.traces[position] = Entry(uuid7(), self.now, trace.trace_version)
                self.outcome.created.add(position)
                if trace.external_id:
                    source = (trace.meta or {}).get("source", "")
                    self.names[position] = source, trace.external_id
        self.own = list(self.outcome.traces)

    def rows(self) -> Iterator[TraceRow]:
        """Make the rows of those that are to be written, in the order of source and external_id."""
        order = self._order if self.names else None
        return map(self._row, sorted(self.outcome.created, key=order))

    def _order(self, position: int) -> tuple[bool, Name, int]:
        name = self.names.get(position)
        return name is None, name or ("", ""), position

    def _row(self, position: int) -> TraceRow:
        trace, entry = self.documents[position], self.own[position]
        assert trace is not None and entry is not None  # noqa: S101, PT018  # it is a new one
        status = self.statuses.get(position, UNREVIEWED)
        return row_of(
            trace,
            identity=entry.id,
            created_at=self.now,
            status=status,
            original=self.originals.get(position),
            by=self.by,
        )

    def settle(self, stored: dict[Name, Trace], *, skip_taken: bool) -> None:
        """Put the trace that holds a name, stored or the first here, in place of the others.

        ExternalIdTaken where contents differ, unless `skip_taken`.
        """
        outcome = self.outcome
        holders = {
            name: (
                Entry(UUID(str(trace.id)), trace.created_at, trace.trace_version),
                trace.content_hash.hex,
            )
            for name, trace in stored.items()
        }
        taken: dict[int, Entry] = {}
        for position, name in self.names.items():
            if position in outcome.refused or position in outcome.reread:
                continue
            entry, trace = self.own[position], self.documents[position]
            assert trace is not None and entry is not None  # noqa: S101, PT018  # it has a name
            content = content_hash(trace.prompt, ordered(trace.steps), trace.final_answer)
            holder, its_content = holders.setdefault(name, (entry, content))
            if holder.id == entry.id:
                continue
            outcome.created.discard(position)
            outcome.traces[position] = holder
            if its_content != content:
                taken[position] = holder
        if taken:
            outcome.reread |= self.reread(taken)
        for position, holder in taken.items():
            if position not in outcome.reread:
                outcome.traces[position] = None
                outcome.refused[position] = _taken_by(holder.id)
        if outcome.refused and not skip_taken:
            raise ExternalIdTaken(outcome.refused)


def create_trace(*, document: TraceDocument, by: Actor) -> tuple[Trace, bool]:
    """Store one trace; return it and whether it is new. ExternalIdTaken as for many.

    It leaves no event: the trace itself tells who brought it in.
    """
    trace = Trace.from_document(document, created_at=timezone.now(), by=by)
    if not document.external_id:
        Trace.objects.bulk_create([trace])
        return trace, True
    return _patiently(partial(_create_unless_taken, trace))


def _create_unless_taken(trace: Trace) -> tuple[Trace, bool]:
    if Trace.objects.bulk_create([trace], ignore_conflicts=True):
        return trace, True
    return _holder(trace), False


def _holder(trace: Trace) -> Trace:
    """Fetch the trace that has this one's external_id; ExternalIdTaken where contents differ."""
    named = Trace.objects.filter(source=trace.source, external_id=trace.external_id)
    holder = named.first()
    if holder is None:
        raise HolderDeleted
    if holder.content_hash != trace.content_hash:
        raise ExternalIdTaken({0: _taken_by(holder.id)})
    return holder


def _taken_by(identity: object) -> str:
    return f"Trace {identity} has this external_id and other content."
