"""Prompt and response apart, each example with an id of its own."""

from typing import Any

from uuid_utils import UUID, uuid5

from datasets.formats.containers import LINES
from datasets.formats.format import Format
from datasets.formats.options import EVERY_METADATA, Options
from datasets.formats.rendering import metadata, response
from datasets.formats.rows import Row
from traces.reasoning.templates import GEMMA, INSTRUCTION
from traces.reasoning.turns import Parts


def render(row: Row, options: Options) -> dict[str, Any]:
    return {
        "id": str(uuid5(UUID(row.build_id), row.id)),
        "prompt": f"{GEMMA.neutral(row.prompt)}{INSTRUCTION}",
        "response": response(row),
        **metadata(row, options, first={"source_trace_id": row.id}),
    }


TRAINING_EXAMPLE = Format(
    name="training_example",
    version=2,
    container=LINES,
    render=render,
    metadata=EVERY_METADATA,
    leaves_out=Parts.SEVERAL_TURNS | Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE,
)
