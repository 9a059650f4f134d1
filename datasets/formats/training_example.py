"""Prompt and response apart, each example with an id of its own."""

from typing import Any

from uuid_utils import UUID, uuid5

from datasets.formats.containers import LINES
from datasets.formats.format import Format
from datasets.formats.options import EVERY_METADATA, Options
from datasets.formats.rendering import metadata, neutral, response
from datasets.formats.rows import Row


def render(row: Row, options: Options) -> dict[str, Any]:
    return {
        "id": str(uuid5(UUID(row.build_id), row.id)),
        "prompt": f"{neutral(row.prompt)}\n\nPlease show your reasoning steps.",
        "response": response(row),
        **metadata(row, options, first={"source_trace_id": row.id}),
    }


TRAINING_EXAMPLE = Format(
    name="training_example", version=2, container=LINES, render=render, metadata=EVERY_METADATA
)
