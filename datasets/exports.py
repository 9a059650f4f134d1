"""Export formats: pure functions from a row to an object, written as a JSON line; and Parquet.

A format's bytes never change within its version. To add one, write the function and name it in
FORMATS.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, ClassVar, NamedTuple

import msgspec
from uuid_utils import UUID, uuid5

from datasets.compression import ENCODINGS, IDENTITY, Encoding
from tunix_site.pieces import in_pieces
from tunix_site.strict_json import stored

ZERO_WIDTH_SPACE = "\u200b"
CONTROL_TOKENS = ("<start_of_turn>", "<end_of_turn>")

Columns = tuple[str | None, ...]


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


class ParquetRow(NamedTuple):
    """The columns of datasets.parquet, in its order."""

    id: str
    trace_version: str
    created_us: str  # microseconds since 1970
    source: str
    external_id: str | None
    prompt: str
    steps: str
    final_answer: str
    split: str
    meta: str
    messages: str | None
    content_hash: str
    prompt_hash: str


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
class Format(ABC):
    """A row's columns and how rows become bytes.

    `lasting` formats show content alone, so that their bytes can be named by an ETag; what
    curation may change cannot be. Parts of a `divisible` one, joined, are the whole.
    """

    media_type: ClassVar[str]
    suffix: ClassVar[str]
    encodings: ClassVar[tuple[Encoding, ...]]
    divisible: ClassVar[bool]

    name: str
    version: int
    row: Any = Row  # a named tuple
    lasting: bool = True

    @abstractmethod
    def pieces(self, rows: Iterable[Columns], about: dict[str, str]) -> Iterator[bytes]:
        """Yield the bytes of rows; `about` says of which dataset they are."""

    def bytes_version(self) -> str:
        """Name all that the bytes depend on beside the rows."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class LineFormat(Format):
    """An object a line."""

    media_type = "application/x-ndjson"  # this module is read without Django's settings, too
    suffix = "jsonl"
    encodings = ENCODINGS
    divisible = True

    render: Callable[[Any], dict[str, Any]] = field(kw_only=True)

    def line(self, columns: Columns) -> bytes:
        return _encode(self.render(self.row._make(columns))) + b"\n"

    def pieces(self, rows: Iterable[Columns], about: dict[str, str]) -> Iterator[bytes]:
        return in_pieces(map(self.line, rows))


@dataclass(frozen=True)
class ParquetFormat(Format):
    """A Parquet file; it is compressed inside."""

    media_type = "application/vnd.apache.parquet"
    suffix = "parquet"
    encodings = (IDENTITY,)
    divisible = False

    def pieces(self, rows: Iterable[Columns], about: dict[str, str]) -> Iterator[bytes]:
        from datasets import parquet  # pyarrow takes 50 MiB

        return parquet.pieces(rows, about)

    def bytes_version(self) -> str:
        return f"{super().bytes_version()} pyarrow {version('pyarrow')}"


FORMATS: dict[str, Format] = {
    fmt.name: fmt
    for fmt in (
        LineFormat("trace", 1, render=_trace),
        LineFormat("tunix_sft", 1, render=_tunix_sft),
        LineFormat("training_example", 1, render=_training_example),
        LineFormat("record", 1, RecordRow, lasting=False, render=_record),
        ParquetFormat("parquet", 1, ParquetRow),
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
