"""The row of the trace table that a document becomes, and how COPY takes it.

A row is quicker made than a model's instance, and this is where the time of ingest goes.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import uuid_utils
from msgspec import UNSET

from traces import document
from traces.document import Step, TraceDocument
from traces.reasoning.turns import parts_of

if TYPE_CHECKING:
    from traces.models import Trace

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
    content_hash: str
    prompt_hash: str
    step_count: int
    total_chars: int
    parts: int


def row_of(
    trace: TraceDocument, *, identity: uuid_utils.UUID, created_at: datetime, status: str
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
        document.content_hash(prompt, steps, final_answer),
        document.prompt_hash(prompt, messages),
        len(steps),
        len(prompt) + sum([len(step["content"]) for step in steps]) + len(final_answer),
        # most have a final answer and no messages, and so none
        0 if messages is None and final_answer else int(parts_of(messages, meta, final_answer)),
    )


def parameters(row: "Trace") -> list[Any]:
    """Give a row's columns as an INSERT takes them, in the order of the model's fields."""
    return [
        row.id,
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
        row.content_hash,
        row.prompt_hash,
        row.step_count,
        row.total_chars,
        row.parts,
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
    return (
        f"{row.id}\2{_time_text(row.created_at)}\2{_quoted(row.trace_version)}"
        f"\2{_quoted(row.prompt)}\2{_quoted(row.final_answer)}"
        f"\2\1{_encode(row.steps).decode()}\1\2\1{meta}\1\2{_quoted(row.source)}"
        f"\2{external_id}\2\1{tags}\1\2{row.status}\2{messages}"
        f"\2{row.content_hash}\2{row.prompt_hash}\2{row.step_count}\2{row.total_chars}"
        f"\2{row.parts}\n"
    )


def _quoted(text: str) -> str:
    return f"\1{text.replace(_QUOTE, _QUOTE * 2)}\1"
