"""What becomes of documents on their way into the database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone
from uuid_utils import UUID, uuid7

from events.actors import Actor
from traces.copy_in import TraceRow, row_of
from traces.document import TraceDocument, content_hash, ordered
from traces.models import Status, Trace
from tunix_site.errors import Conflict

UNREVIEWED = Status.UNREVIEWED.value
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


class Intake:
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
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self.documents = documents
        self.by = by
        self.statuses = statuses or {}
        self.originals = originals or {}
        self.reread = reread
        self.meanwhile = meanwhile
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
        self.meanwhile()
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
                outcome.refused[position] = taken_by(identity=holder.id)
        if outcome.refused and not skip_taken:
            raise ExternalIdTaken(outcome.refused)


def taken_by(*, identity: object) -> str:
    return f"Trace {identity} has this external_id and other content."
