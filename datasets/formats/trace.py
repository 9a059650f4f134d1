"""Prompt, texts of the steps and answer, apart."""

from typing import Any

from datasets.formats.containers import LINES
from datasets.formats.format import Format
from datasets.formats.options import EVERY_METADATA, Options
from datasets.formats.rendering import metadata, step_texts
from datasets.formats.rows import Row


def render(row: Row, options: Options) -> dict[str, Any]:
    return {
        "id": row.id,
        "prompts": row.prompt,
        "trace_steps": step_texts(row),
        "final_answer": row.final_answer,
        **metadata(row, options),
    }


TRACE = Format(name="trace", version=2, container=LINES, render=render, metadata=EVERY_METADATA)
