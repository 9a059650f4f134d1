"""What a format is given: a row's columns in datasets.export.export, as text."""

from typing import NamedTuple

Columns = tuple[str | None, ...]


class Row(NamedTuple):
    """A trace in a dataset; steps and meta are JSON."""

    build_id: str
    id: str
    created_at: str  # 2026-01-31T12:00:00.000000Z
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str


class ConversationRow(NamedTuple):
    """The same, with the messages as JSON where there are several turns."""

    build_id: str
    id: str
    created_at: str
    trace_version: str
    prompt: str
    final_answer: str
    steps: str
    meta: str
    turns: str | None


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


class TableRow(NamedTuple):
    """The columns of datasets.formats.parquet, in its order."""

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
