"""What formats have in common: texts of steps, the reply that a model shall learn, metadata."""

from typing import Any

import msgspec

from datasets.formats.options import Metadata, Options
from datasets.formats.rows import Row
from tunix_site.strict_json import stored

ZERO_WIDTH_SPACE = "\u200b"
CONTROL_TOKENS = ("<start_of_turn>", "<end_of_turn>")
SOURCE_RECORD = "record"  # in meta: what an import kept of the record that a trace was made of


class _Content(msgspec.Struct):
    content: str


_contents = msgspec.json.Decoder(list[_Content]).decode
_encode = msgspec.json.Encoder().encode


def neutral(text: str) -> str:
    """Break the control tokens in user text, so that it cannot end a turn."""
    if "_of_turn>" in text:
        for token in CONTROL_TOKENS:
            text = text.replace(token, f"<{ZERO_WIDTH_SPACE}{token[1:]}")
    return text


def step_texts(row: Row) -> list[str]:
    return [step.content for step in _contents(row.steps)]


def response(row: Row) -> str:
    numbered = [f"{number}. {text}" for number, text in enumerate(step_texts(row), start=1)]
    return neutral("\n".join(["Reasoning:", *numbered, f"Answer: {row.final_answer}"]))


def metadata(
    row: Row,
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
    ours = {**(first or {}), "created_at": row.created_at, "trace_version": row.trace_version}
    shown = {**ours, **stored(row.meta), **ours}
    shown.pop(SOURCE_RECORD, None)
    if last:
        for key in last:
            shown.pop(key, None)
        shown |= last
    return {"metadata": shown if options.metadata is Metadata.OBJECT else as_text(shown)}


def as_text(value: Any) -> str:
    """Write a value as JSON in a text."""
    return _encode(value).decode()
