"""Prompt, texts of the steps and answer, apart."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import Row
from datasets.formats.options import EVERY_METADATA, Options
from datasets.formats.rendering import metadata, step_texts


def render(row: Row, options: Options) -> dict[str, Any]:
    return {
        "id": row.id,
        "prompts": row.prompt,
        "trace_steps": step_texts(row),
        "final_answer": row.final_answer,
        **metadata(row, options),
    }


TRACE = Format(
    name="trace",
    version=2,
    render=render,
    schema={
        "id": str,
        "prompts": str,
        "trace_steps": [str],
        "final_answer": str,
        "metadata": str,
    },
    metadata=EVERY_METADATA,
)
