"""Traces on their way into the database: the row that a document becomes, and its writing by COPY.

A row is quicker made than a model's instance, and this is where the time of ingest goes.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import uuid_utils
from django.db import connections, models, transaction
from msgspec import UNSET

from events.actors import Actor
from traces import document
from traces.document import Step, TraceDocument
from traces.reasoning.turns import parts_of

if TYPE_CHECKING:
    from traces.models import Trace

SENT_AT_ONCE = 50  # traces in a piece of COPY
_STAGE = "incoming_traces"
_UNLESS_TAKEN = "ON CONFLICT (source, external_id) WHERE external_id IS NOT NULL DO NOTHING"
_QUOTE = "\1"
COPY_OPTIONS = r"FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02'"

_encode = msgspec.json.Encoder().encode
_time_text = lru_cache(maxsize=1)(str)  # of a batch's traces it is the same


class TraceRow(msgspec.Struct, gc=False):
    """A trace's columns in the order of the model's fields; hashes are hex digits."""

    id: uuid_utils.UUID
    created_at: datetime
    trace_version: str
    prompt: str
    final_answer: str
    steps: list[Step]
    meta: dict[str, Any]
    source: str
    external_id: str | None
    tags: list[str]
    status: str
    messages: list[dict[str, Any]] | None
    original: dict[str, Any] | None
    content_hash: str
    prompt_hash: str
    step_count: int
    total_chars: int
    parts: int
    created_by_id: int | None
    created_with_id: int | None


def row_of(
    trace: TraceDocument,
    *,
    identity: uuid_utils.UUID,
    created_at: datetime,
    status: str,
    original: dict[str, Any] | None = None,
    by: Actor | None = None,
) -> TraceRow:
    """Compute a document's columns; its steps are put in order in place."""
    steps = document.ordered(trace.steps)
    meta = trace.meta or {}
    prompt, final_answer = trace.prompt, trace.final_answer
    messages = None if trace.messages is UNSET else trace.messages
    return TraceRow(
        identity,
        created_at,
        trace.trace_version,
        prompt,
        final_answer,
        steps,
        meta,
        meta.get("source", ""),
        trace.external_id or None,
        trace.tags or [],
        status,
        messages,
        original,
        document.content_hash(prompt, steps, final_answer),
        document.prompt_hash(prompt, messages),
        len(steps),
        len(prompt) + sum([len(step["content"]) for step in steps]) + len(final_answer),
        # most have a final answer and no messages, and so none
        0 if messages is None and final_answer else int(parts_of(messages, meta, final_answer)),
        None if by is None else by.user_id,
        None if by is None else by.key_id,
    )


Row = TypeVar("Row", "Trace", TraceRow)


class CopyInQuerySet(models.QuerySet["Trace"]):
    """Writes many traces at the speed of COPY, behind the method that everyone knows."""

    def bulk_create(  # type: ignore[override]
        self,
        objs: Iterable[Row],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        update_conflicts: bool = False,  # noqa: FBT001, FBT002
        update_fields: Sequence[str] | None = None,
        unique_fields: Sequence[str] | None = None,
    ) -> list[Row]:
        """Write traces, or rows that are prepared, in the order given; give those written.

        They may come from a generator: a few are made while the database works on those before.
        With `ignore_conflicts` those whose (source, external_id) is taken are left out. Updating is
        refused, as content never changes.
        """
        if update_conflicts or update_fields or unique_fields:
            raise ValueError("Traces are never updated by bulk_create.")
        if batch_size is not None:
            raise ValueError("COPY streams all rows: there is no batch size.")
        self._for_write = True
        rows = iter(objs)
        first = list(islice(rows, 2))
        if len(first) > 1:
            written = self._copy_all(chain(first, rows), ignore_conflicts=ignore_conflicts)
        else:
            written = [row for row in first if self._insert(row, ignore_conflicts=ignore_conflicts)]
        for row in written:
            if isinstance(row, models.Model):
                row._state.adding = False
                row._state.db = self.db
        return written

    def _insert(self, row: Row, *, ignore_conflicts: bool) -> bool:
        """Write a row that is alone by INSERT, for which it is quicker than COPY."""
        values = parameters(row)
        places = ", ".join(["%s"] * len(values))
        with connections[self.db].cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {self.model._meta.db_table} ({self._columns()}) VALUES ({places}) "  # noqa: S608
                f"{_UNLESS_TAKEN if ignore_conflicts else ''}",
                values,
            )
            return bool(cursor.rowcount)

    def _copy_all(self, rows: Iterator[Row], *, ignore_conflicts: bool) -> list[Row]:
        table = self.model._meta.db_table
        with (
            transaction.atomic(using=self.db, savepoint=False),
            connections[self.db].cursor() as cursor,
        ):
            if ignore_conflicts:
                return self._copy_apart(cursor, table, rows)
            return self._copy(cursor, table, rows)

    def _copy(self, cursor: Any, table: str, rows: Iterator[Row]) -> list[Row]:
        statement = f"COPY {table} ({self._columns()}) FROM STDIN ({COPY_OPTIONS})"
        sent: list[Row] = []
        with connections[self.db].wrap_database_errors, cursor.copy(statement) as copy:
            while some := list(islice(rows, SENT_AT_ONCE)):
                copy.write(copy_text(some))
                sent += some
        return sent

    def _copy_apart(self, cursor: Any, table: str, rows: Iterator[Row]) -> list[Row]:
        """COPY into a table of this session, then insert in the order of the unique key.

        Two that insert the same keys in different orders would each wait for what the other holds.
        """
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGE} (LIKE {table}) "  # noqa: S608
            f"ON COMMIT DELETE ROWS; DELETE FROM {_STAGE}"
        )
        sent = self._copy(cursor, _STAGE, rows)
        columns = self._columns()
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_STAGE} "  # noqa: S608
            f'ORDER BY source COLLATE "C", external_id COLLATE "C", id {_UNLESS_TAKEN} '
            "RETURNING id::text"
        )
        written = {identity for (identity,) in cursor.fetchall()}
        return [row for row in sent if str(row.id) in written]

    def _columns(self) -> str:
        return ", ".join(str(field.column) for field in self.model._meta.concrete_fields)


def parameters(row: "TraceRow | Trace") -> list[Any]:
    """Give a row's columns as an INSERT takes them, in the order of the model's fields."""
    return [
        str(row.id),
        row.created_at,
        row.trace_version,
        row.prompt,
        row.final_answer,
        _encode(row.steps).decode(),
        _encode(row.meta).decode(),
        row.source,
        row.external_id,
        _encode(row.tags).decode(),
        row.status,
        None if row.messages is None else _encode(row.messages).decode(),
        None if row.original is None else _encode(row.original).decode(),
        row.content_hash,
        row.prompt_hash,
        row.step_count,
        row.total_chars,
        row.parts,
        row.created_by_id,
        row.created_with_id,
    ]


def copy_text(rows: "Iterable[TraceRow | Trace]") -> str:
    """Render rows for COPY with COPY_OPTIONS, columns in the order of the model's fields.

    Text is quoted by a character that JSON never holds bare and prose hardly ever: there is next
    to nothing to escape, which is what makes this five times Django's INSERT.
    """
    return "".join([_copy_line(row) for row in rows])


def _copy_line(row: "TraceRow | Trace") -> str:
    meta = _encode(row.meta).decode() if row.meta else "{}"
    tags = _encode(row.tags).decode() if row.tags else "[]"
    external_id = "" if row.external_id is None else _quoted(row.external_id)
    messages = "" if row.messages is None else f"\1{_encode(row.messages).decode()}\1"
    original = "" if row.original is None else f"\1{_encode(row.original).decode()}\1"
    return (
        f"{row.id}\2{_time_text(row.created_at)}\2{_quoted(row.trace_version)}"
        f"\2{_quoted(row.prompt)}\2{_quoted(row.final_answer)}"
        f"\2\1{_encode(row.steps).decode()}\1\2\1{meta}\1\2{_quoted(row.source)}"
        f"\2{external_id}\2\1{tags}\1\2{row.status}\2{messages}\2{original}"
        f"\2{row.content_hash}\2{row.prompt_hash}\2{row.step_count}\2{row.total_chars}"
        f"\2{row.parts}\2{row.created_by_id or ''}\2{row.created_with_id or ''}\n"
    )


def _quoted(text: str) -> str:
    return f"\1{text.replace(_QUOTE, _QUOTE * 2)}\1"
