"""Everything that is known of a trace, as POST /api/traces takes it.

With its metadata as JSON, every key is there and has one type, so that each file of records has
the same columns.
"""

from typing import Any

import msgspec

from datasets.formats.format import Format
from datasets.formats.items import RecordRow
from datasets.formats.options import Metadata, Options
from datasets.formats.rendering import as_text
from datasets.formats.schema import Step, read_steps
from tunix_site.strict_json import stored


def render(row: RecordRow, options: Options) -> dict[str, Any]:
    beside = _as_texts(row) if options.metadata is Metadata.JSON else _as_values(row)
    return {
        "trace_version": row.trace_version,
        "prompt": row.prompt,
        "final_answer": row.final_answer,
        "steps": read_steps(row.steps),
        **beside,
    }


def _as_values(row: RecordRow) -> dict[str, Any]:
    """Give what is beside the content; an id and a conversation only where there are."""
    beside: dict[str, Any] = {"meta": stored(row.meta)}
    if row.external_id is not None:
        beside["external_id"] = row.external_id
    if row.messages is not None:
        beside["messages"] = stored(row.messages)
    return {
        **beside,
        "id": row.id,
        "created_at": row.created_at,
        "status": row.status,
        "tags": msgspec.json.decode(row.tags),
        "scores": stored(row.scores),
        "split": row.split,
        "original": None if row.original is None else stored(row.original),
    }


def _as_texts(row: RecordRow) -> dict[str, str]:
    """Give the same as texts; no conversation and no original are `null`, no id is empty."""
    return {
        "meta": as_text(stored(row.meta)),
        "external_id": row.external_id or "",
        "messages": as_text(None if row.messages is None else stored(row.messages)),
        "id": row.id,
        "created_at": row.created_at,
        "status": row.status,
        "tags": as_text(msgspec.json.decode(row.tags)),
        "scores": as_text(stored(row.scores)),
        "split": row.split,
        "original": as_text(None if row.original is None else stored(row.original)),
    }


RECORD = Format(
    name="record",
    version=2,
    row=RecordRow,
    render=render,
    schema={
        "trace_version": str,
        "prompt": str,
        "final_answer": str,
        "steps": [Step],
        "meta": str,
        "external_id": str,
        "messages": str,
        "id": str,
        "created_at": str,
        "status": str,
        "tags": str,
        "scores": str,
        "split": str,
        "original": str,
    },
    metadata=(Metadata.OBJECT, Metadata.JSON),
    lasting=False,
)
