"""Telling a record that was imported before, and is read differently now, from another one."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from traces.document import TraceDocument
from traces.intake.incoming import Incoming
from traces.intake.original import SOURCE_RECORD, source_record
from traces.models import Trace
from traces.readers.cells import once_parsed
from traces.reasoning.steps import REASONING
from traces.services.outcome import Entry

FETCHED_AT_ONCE = 50  # traces: each may take 1 MiB
FIELDS = (
    "prompt",
    "final_answer",
    "steps",
    "meta",
    "messages",
    "original",
    "source",
    "external_id",
)


def read_differently(*, incoming: Sequence[Incoming], holders: Mapping[int, Entry]) -> set[int]:
    """Of those whose external_id holds other content, tell which came from the same record.

    `holders` are the stored traces by position. A name that we made of a record's digest is of
    that record alone; of one that the source gave, what the stored trace keeps of its record
    decides. A document that is kept to the letter is another one. A query where names are the
    source's.
    """
    same = {position for position in holders if incoming[position].named_by_digest}
    asked: dict[UUID, list[tuple[int, Callable[[], dict[str, Any]]]]] = {}
    for position, holder in holders.items():
        record = incoming[position].source_record
        if position not in same and record is not None:
            asked.setdefault(UUID(str(holder.id)), []).append((position, record))
    if asked:
        stored = Trace.objects.filter(pk__in=asked).only(*FIELDS)
        for trace in stored.order_by().iterator(chunk_size=FETCHED_AT_ONCE):
            held = _Held(trace)
            same |= {
                position
                for position, record in asked[trace.pk]
                if held.is_of(record(), incoming[position].document)
            }
    return same


def stored_once(*, source: str, names: Iterable[str]) -> dict[str, int]:
    """Count the stored traces of records that are refused now, by the records' names.

    Names without any are left out. Of a record's traces the first two are looked for.
    """
    counts: Counter[str] = Counter()
    pairs = [(source, f"{name}{number}") for name in names for number in ("", "/1")]
    for trace in Trace.objects.with_external_ids(pairs):
        counts[(trace.external_id or "").removesuffix("/1")] += 1
    return counts


class _Held:
    """What a stored trace holds of its source record: fields kept as they are, others elsewhere."""

    def __init__(self, trace: Trace) -> None:
        self._fields = source_record(trace.meta, trace.original)
        self._messages = trace.messages
        notes = [value for name, value in trace.meta.items() if name != SOURCE_RECORD]
        self._values = set(_values([trace.messages, notes]))
        self._texts = {
            trace.prompt,
            trace.final_answer,
            trace.source,
            trace.external_id,
            *(step["content"] for step in trace.steps),
            *(value for value in self._values if isinstance(value, str)),
        }
        thought = [step for step in trace.steps if step["type"] == REASONING]
        self._joined = {
            _without_space("".join(step["content"] for step in steps))
            for steps in (trace.steps, thought)
        }

    def is_of(self, record: dict[str, Any], document: TraceDocument) -> bool:
        """Tell whether the record is the trace's: what is kept is equal, the others are held.

        So are the messages, as they stand in the record or as they are read now. Of steps that
        were split, white space between them is no difference.
        """
        sent = [said for said in (record.get("messages"), document.messages) if said]
        if self._messages and sent and self._messages not in sent:
            return False
        return self._agrees(self._fields, record)

    def _agrees(self, kept: dict[str, Any], record: dict[str, Any]) -> bool:
        if not kept.keys() <= record.keys():
            return False
        return all(
            self._is_kept(kept[name], value) if name in kept else self._holds(value)
            for name, value in record.items()
        )

    def _is_kept(self, kept: Any, value: Any) -> bool:
        if isinstance(kept, dict) and isinstance(value, dict):
            return self._agrees(kept, value)
        # a cell of CSV was kept as text, or as the JSON in it
        return bool(kept == value) or once_parsed({"cell": kept}) == {"cell": value}

    def _holds(self, value: Any) -> bool:
        return all(
            self._has_text(one) if isinstance(one, str) else self._has(one)
            for one in _values(value)
        )

    def _has_text(self, text: str) -> bool:
        return text in self._texts or not (bare := _without_space(text)) or bare in self._joined

    def _has(self, value: "_Number") -> bool:
        # an answer may be a number, which a trace has as text
        return value in self._values or str(value.value) in self._texts


class _Number(NamedTuple):
    """A number, or a boolean, which is none in JSON."""

    value: int | float
    is_flag: bool


def _values(value: Any) -> Iterator[str | _Number]:
    """Yield the values in a JSON value but nulls, not the names of its objects' members."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool | int | float):
        yield _Number(value, isinstance(value, bool))
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _values(item)


def _without_space(text: str) -> str:
    return "".join(text.split())
