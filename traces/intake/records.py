"""From source records to trace documents: read by format, fitted, checked and named."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from msgspec import UNSET

from traces.document import TraceDocument
from traces.intake.bodies import read_traces_quickly
from traces.intake.incoming import Incoming, Refusal, Unread
from traces.intake.original import take_original
from traces.intake.record_values import (
    checked,
    digest_of,
    once_read,
    original_size,
    parsed,
    parsed_or_none,
    record_digest,
)
from traces.readers import mapped, nulls
from traces.readers.draft import Draft, Unreadable
from traces.readers.fitting import fit
from traces.readers.formats import AUTO, FORMATS, ReaderFormat, recognise, recognises
from traces.readers.mapping import Paths
from traces.readers.unrecognised import unrecognised
from traces.sources.occurrences import Occurrences
from traces.sources.source import BadRecord, Record
from traces.sources.unexpected import Unexpected

TRACE = "trace"
TO_THE_LETTER = (TRACE, "record", "table")  # formats of documents
LOOKED_AT = 20  # records by which a format is recognised

_encode = msgspec.json.Encoder().encode


class _Read(NamedTuple):
    """What a record gave, and the digest of its compact JSON where it has to be named by that.

    `size` is a trace's; a draft's is known once it is fitted. `record` is what drafts are of;
    `refusal` says why it gave nothing.
    """

    line: int
    items: Sequence[TraceDocument | Draft]
    digest: bytes | None
    size: int = 0
    record: dict[str, Any] | None = None
    refusal: Refusal | None = None


def format_of(
    name: str, records: Sequence[Record | BadRecord], paths: Paths | None = None
) -> ReaderFormat | None:
    """Give the named format, or the one that the first records are of; BrokenSource if it is none.

    With `paths` it is the one that these say. None where it is to be recognised and none of the
    records can be read: they are bad in any.
    """
    if paths:
        return mapped.format_of(paths)
    unexpected = Unexpected()
    values = (parsed_or_none(one, unexpected) for one in records if isinstance(one, Record))
    found = (value for value in values if value is not None)
    if name != AUTO:
        named = FORMATS[name]
        return named.for_file(list(found)) if named.reader_for else named
    looked_at = list(islice(found, LOOKED_AT))
    if not looked_at:
        return None
    fmt = recognise(looked_at, unexpected)
    if fmt is None:
        raise unrecognised(looked_at)
    return fmt.for_file([*looked_at, *found]) if fmt.reader_for else fmt


def is_record(value: dict[str, Any], name: str, paths: Paths | None = None) -> bool:
    """Tell a record of the named format, or of any, from an object that holds a list of them."""
    formats = FORMATS.values() if name == AUTO else [FORMATS[name]]
    if paths:
        formats = [mapped.format_of(paths)]
    unexpected = Unexpected()
    return any(recognises(fmt, value, unexpected) for fmt in formats)


def unread(records: Sequence[Record | BadRecord]) -> Iterator[Refusal]:
    """Say why each of those that are bad in any format cannot be read."""
    unexpected = Unexpected()
    for record in records:
        if isinstance(record, BadRecord):
            yield Refusal.of(record.line, record.field, record.message)
            continue
        try:
            parsed(record)
        except Exception as error:
            yield _refusal(record.line, error, unexpected)


class RecordReader:
    """Reads the records of one file, of which it knows those without an id by their digests.

    Whatever goes wrong with a record, also within the program, is that record's refusal.

    A trace without an id gets `sha256:` and its record's SHA-256, taken over the record as compact
    JSON, as its external_id; the second record of the same digest `#2` behind that; the second
    trace of a record `/1`.
    """

    def __init__(self, fmt: ReaderFormat, *, source: str | None, may_curate: bool) -> None:
        self.format = fmt
        self.source = source
        self.may_curate = may_curate
        self._occurrences = Occurrences()
        self._unexpected = Unexpected()

    def read(self, records: Sequence[Record | BadRecord]) -> Iterator[Incoming | Refusal | Unread]:
        """Give what becomes of each record, in order."""
        if self.format.parts:
            records = list(self._parted(records))
        found = self._read_quickly(records) or [self._read_one(record) for record in records]
        names = iter(self._names(found))
        for one in found:
            if isinstance(one, Refusal):
                yield one
            else:
                name = None if one.digest is None else next(names)
                yield from self._incoming(one, name)

    def _read_quickly(self, records: Sequence[Record | BadRecord]) -> list[_Read | Refusal] | None:
        """Read lines that are traces, all of them good, or give None."""
        lines = [record.raw for record in records if isinstance(record, Record) and record.raw]
        if self.format.name != TRACE or len(lines) < len(records):
            return None
        if max(map(len, lines), default=0) > settings.MAX_TRACE_BYTES:
            return None  # which has to be looked at before it is decoded
        try:
            read = read_traces_quickly(lines)
        except Exception as error:
            self._unexpected.note(error, f"line {records[0].line} or one behind it")
            return None  # one by one it is found
        if read is None:
            return None
        return [
            _Read(
                record.line,
                (trace,),
                digest_of(kept) if trace.external_id is UNSET else None,
                len(kept),
            )
            for record, (trace, kept) in zip(records, read, strict=True)
        ]

    def _parted(self, records: Sequence[Record | BadRecord]) -> Iterator[Record | BadRecord]:
        """Give the parts of each record that are records of their own, in the same line."""
        assert self.format.parts is not None  # noqa: S101  # who calls this has asked
        for record in records:
            if isinstance(record, BadRecord):
                yield record
                continue
            try:
                for part in self.format.parts(self.format.of(parsed(record))):
                    yield Record(record.line, None, part)
            except Exception as error:
                yield BadRecord(*_refusal(record.line, error, self._unexpected))

    def _read_one(self, record: Record | BadRecord) -> _Read | Refusal:
        if isinstance(record, BadRecord):
            return Refusal.of(record.line, record.field, record.message)
        value = None
        try:
            value = parsed(record)
            taken = self.format.of(value)
            if self.format.name == TRACE:
                trace, size = checked(taken)
                named = trace.external_id is not UNSET
                digest = None if named else digest_of(_encode(trace))
                return _Read(record.line, [trace], digest, size)
            drafts = list(self.format.read(taken))
            if record.raw is None or nulls.may_be_in(record.raw):
                nulls.put(taken, drafts)
            named = all(draft.external_id is not None for draft in drafts)
            digest = None if named else record_digest(value)
            return _Read(record.line, drafts, digest, record=value)
        except Exception as error:
            refusal = _refusal(record.line, error, self._unexpected)
            if value is None or self.format.name in TO_THE_LETTER:
                return refusal
            return _unread(value, refusal)

    def _names(self, found: Sequence[_Read | Refusal]) -> list[str]:
        """Name those records that are named by their digests, in order."""
        digests = [one.digest for one in found if isinstance(one, _Read) and one.digest is not None]
        return [
            f"sha256:{digest.hex()}" if number == 1 else f"sha256:{digest.hex()}#{number}"
            for digest, number in zip(digests, self._occurrences.numbers(digests), strict=True)
        ]

    def _incoming(self, read: _Read, name: str | None) -> Sequence[Incoming | Refusal | Unread]:
        """Give a record's traces, all of them or none."""
        if read.refusal is not None:
            return [Unread(read.refusal, name or "")]
        try:
            return [
                self._fitted(read, item, f"{name}/{index}" if name and index else name)
                for index, item in enumerate(read.items)
            ]
        except Exception as error:
            refusal = _refusal(read.line, error, self._unexpected)
            return [refusal if name is None else Unread(refusal, name)]

    def _fitted(self, read: _Read, item: TraceDocument | Draft, name: str | None) -> Incoming:
        if isinstance(item, TraceDocument):
            if name is not None:
                item.external_id = name
            if self.source is not None:
                item.meta = {**(item.meta or {}), "source": self.source}
            return Incoming(read.line, item, read.size, named_by_digest=name is not None)
        fitted = fit(
            item,
            format_name=self.format.name,
            source=self.source,
            external_id=item.external_id or name or "",
            may_curate=self.may_curate,
        )
        document, size = checked(
            {
                key: value
                for key, value in msgspec.structs.asdict(fitted.document).items()
                if value is not UNSET
            }
        )
        beside = fitted.status, fitted.scores, fitted.step_labels
        incoming = Incoming(read.line, document, size, *beside)
        incoming.is_chosen = item.is_chosen and self.may_curate
        if item.original is UNSET:
            incoming.original = take_original(document.meta or {})
        elif item.original:
            incoming.original = item.original
            incoming.size += original_size(item.original, beside=size)
        if item.external_id is None:
            incoming.named_by_digest = True
        elif item.indexes is None:
            incoming.source_record = item.source_record or (lambda: once_read(read.record))
        return incoming


def _refusal(line: int, error: Exception, unexpected: Unexpected) -> Refusal:
    """Say why a record is not read; MemoryError and the like, which are not its own, are raised."""
    if isinstance(error, Unreadable):
        return Refusal.of(line, error.field, error.reason)
    kind = unexpected.note(error, f"line {line}")
    return Refusal(line, "", f"The record could not be read: {kind}, an error of the program.")


def _unread(value: dict[str, Any], refusal: Refusal) -> _Read | Refusal:
    """Keep a refused record's digest beside its refusal, where it has one."""
    try:
        return _Read(refusal.line, (), record_digest(value), refusal=refusal)
    except Unreadable:
        return refusal
