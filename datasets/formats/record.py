"""Everything that is known of a trace, as POST /api/traces takes it."""

from typing import Any

import msgspec

from datasets.formats.containers import LINES
from datasets.formats.format import Format
from datasets.formats.rows import RecordRow
from tunix_site.strict_json import stored


def render(row: RecordRow) -> dict[str, Any]:
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


RECORD = Format(
    name="record", version=1, container=LINES, row=RecordRow, render=render, lasting=False
)
