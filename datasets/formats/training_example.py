"""Prompt and response apart, each example with an id of its own."""

from typing import Any

from uuid_utils import UUID, uuid5

from datasets.formats.format import Format
from datasets.formats.items import Row
from datasets.formats.options import EVERY_METADATA, Options
from datasets.formats.rendering import metadata, response
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
    render=render,
    schema={"id": str, "prompt": str, "response": str, "metadata": str},
    metadata=EVERY_METADATA,
    leaves_out=Parts.SEVERAL_TURNS | Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE,
)
