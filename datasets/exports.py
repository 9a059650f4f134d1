"""Export formats: pure functions from a row to an object, each written as one JSON line.

A format's bytes never change within its version. To add one, write the function and name it in
FORMATS.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from uuid_utils import UUID, uuid5

from tunix_site.strict_json import stored

ZERO_WIDTH_SPACE = "\u200b"
CONTROL_TOKENS = ("<start_of_turn>", "<end_of_turn>")


class Row(NamedTuple):
    """A trace in a dataset, as text of the columns in datasets.reading; steps and meta are JSON."""

    build_id: str
    id: str
    created_at: str  # 2026-01-31T12:00:00.000000Z
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str


class RecordRow(NamedTuple):
    """All that is known of a trace; messages, tags and scores are JSON as well."""

    id: str
    created_at: str
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str
    external_id: str | None
    messages: str | None
    status: str
    tags: str
    scores: str
    split: str


class _Content(msgspec.Struct):
    content: str


_contents = msgspec.json.Decoder(list[_Content]).decode
_encode = msgspec.json.Encoder().encode


def _trace(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "prompts": row.prompt,
        "trace_steps": _step_texts(row),
        "final_answer": row.final_answer,
        "metadata": _metadata(row),
    }


def _tunix_sft(row: Row) -> dict[str, Any]:
    prompt = neutral(row.prompt)
    return {
        "id": row.id,
        "prompts": f"<start_of_turn>user\n{prompt}<end_of_turn>\n"
        f"<start_of_turn>model\n{_response(row)}<end_of_turn>",
        "final_answer": row.final_answer,
        "metadata": _metadata(row, last={"format": "tunix_sft"}),
    }


def _training_example(row: Row) -> dict[str, Any]:
    return {
        "id": str(uuid5(UUID(row.build_id), row.id)),
        "prompt": f"{neutral(row.prompt)}\n\nPlease show your reasoning steps.",
        "response": _response(row),
        "metadata": _metadata(row, first={"source_trace_id": row.id}),
    }


def _record(row: RecordRow) -> dict[str, Any]:
    body = {
        "trace_version": row.trace_version,
        "prompt": row.prompt,
        "final_answer": row.final_answer,
        "steps": msgspec.json.decode(row.steps),
        "meta": stored(row.meta),
    }
    if row.external_id is not None:
        body["external_id"] = row.external_id
    if row.messages is not None:
        body["messages"] = stored(row.messages)
    return {
        **body,
        "id": row.id,
        "created_at": row.created_at,
        "status": row.status,
        "tags": msgspec.json.decode(row.tags),
        "scores": stored(row.scores),
        "split": row.split,
    }


@dataclass(frozen=True)
class Format:
    """A row's columns and how they become an object.

    `lasting` formats show content alone, so that their bytes can be named by an ETag; what
    curation may change cannot be.
    """

    name: str
    version: int
    render: Callable[[Any], dict[str, Any]]
    row: type[Row | RecordRow] = Row
    lasting: bool = True

    def line(self, columns: Iterable[str | None]) -> bytes:
        return _encode(self.render(self.row._make(columns))) + b"\n"


FORMATS = {
    fmt.name: fmt
    for fmt in (
        Format("trace", 1, _trace),
        Format("tunix_sft", 1, _tunix_sft),
        Format("training_example", 1, _training_example),
        Format("record", 1, _record, row=RecordRow, lasting=False),
    )
}


def neutral(text: str) -> str:
    """Break the control tokens in user text, so that it cannot end a turn."""
    if "_of_turn>" in text:
        for token in CONTROL_TOKENS:
            text = text.replace(token, f"<{ZERO_WIDTH_SPACE}{token[1:]}")
    return text


def _step_texts(row: Row) -> list[str]:
    return [step.content for step in _contents(row.steps)]


def _response(row: Row) -> str:
    numbered = [f"{number}. {text}" for number, text in enumerate(_step_texts(row), start=1)]
    return neutral("\n".join(["Reasoning:", *numbered, f"Answer: {row.final_answer}"]))


def _metadata(
    row: Row, *, first: dict[str, Any] | None = None, last: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Give our own keys and the trace's meta; where both name one, ours counts."""
    ours = {**(first or {}), "created_at": row.created_at, "trace_version": row.trace_version}
    metadata = {**ours, **stored(row.meta), **ours}
    if last:
        for key in last:
            metadata.pop(key, None)
        metadata |= last
    return metadata
