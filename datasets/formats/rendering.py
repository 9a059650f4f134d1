"""What formats have in common: texts of steps, the reply that a model shall learn, metadata."""

from typing import Any, Protocol

import msgspec

from datasets.formats.items import ConversationRow, Row
from datasets.formats.options import Metadata, Options
from traces.intake.original import SOURCE_RECORD
from traces.reasoning.replies import REPLY_STEP
from traces.reasoning.templates import ANSWER, GEMMA, REASONING
from tunix_site.strict_json import stored


class OfATrace(Protocol):
    """What metadata are made of."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> str: ...
    @property
    def trace_version(self) -> str: ...
    @property
    def meta(self) -> str: ...


class _Content(msgspec.Struct):
    content: str


class _Step(_Content):
    i: int


_contents = msgspec.json.Decoder(list[_Content]).decode
_steps = msgspec.json.Decoder(list[_Step]).decode
_encode = msgspec.json.Encoder().encode


def step_texts(row: Row) -> list[str]:
    return [step.content for step in _contents(row.steps)]


def response(row: Row | ConversationRow) -> str:
    """Write the steps, but for the reply that they led to, and the answer."""
    numbered = [f"{number}. {text}" for number, text in enumerate(_thought(row), start=1)]
    return GEMMA.neutral("\n".join([REASONING, *numbered, f"{ANSWER}{row.final_answer}"]))


def _thought(row: Row | ConversationRow) -> list[str]:
    reply = stored(row.meta).get(REPLY_STEP) if f'"{REPLY_STEP}"' in row.meta else None
    if type(reply) is not int:
        return [step.content for step in _contents(row.steps)]
    return [step.content for step in _steps(row.steps) if step.i != reply]


def source(row: OfATrace) -> dict[str, str]:
    """Say of which trace a row is made that has no id of its own."""
    return {"source_trace_id": row.id}


def metadata(
    row: OfATrace,
    options: Options,
    *,
    first: dict[str, Any] | None = None,
    last: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Give the field of our own keys and the trace's meta; where both name one, ours counts.

    The record that a trace was made of is left out: it may be as large as the trace, and says
    the same.
    """
    if options.metadata is Metadata.NONE:
        return {}
    shown = about(row, first)
    if last:
        for key in last:
            shown.pop(key, None)
        shown |= last
    return as_metadata(shown, options)


def about(row: OfATrace, first: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give our own keys of a trace and its meta, as `metadata` has them."""
    ours = {**(first or {}), "created_at": row.created_at, "trace_version": row.trace_version}
    shown = {**ours, **stored(row.meta), **ours}
    shown.pop(SOURCE_RECORD, None)
    return shown


def as_metadata(shown: dict[str, Any], options: Options) -> dict[str, Any]:
    return {"metadata": shown if options.metadata is Metadata.OBJECT else as_text(shown)}


def as_text(value: Any) -> str:
    """Write a value as JSON in a text."""
    return _encode(value).decode()
