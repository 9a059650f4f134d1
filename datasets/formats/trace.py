"""Prompt, texts of the steps and answer, apart."""

from typing import Any

from datasets.formats.containers import LINES
from datasets.formats.format import Format
from datasets.formats.rendering import metadata, step_texts
from datasets.formats.rows import Row


def render(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "prompts": row.prompt,
        "trace_steps": step_texts(row),
        "final_answer": row.final_answer,
        "metadata": metadata(row),
    }


TRACE = Format(name="trace", version=1, container=LINES, render=render)
