"""Both turns as one text with Gemma's marks, for supervised fine-tuning with Tunix."""

from typing import Any

from datasets.formats.containers import LINES
from datasets.formats.format import Format
from datasets.formats.options import EVERY_METADATA, Options
from datasets.formats.rendering import metadata, neutral, response
from datasets.formats.rows import Row


def render(row: Row, options: Options) -> dict[str, Any]:
    prompt = neutral(row.prompt)
    return {
        "id": row.id,
        "prompts": f"<start_of_turn>user\n{prompt}<end_of_turn>\n"
        f"<start_of_turn>model\n{response(row)}<end_of_turn>",
        "final_answer": row.final_answer,
        **metadata(row, options, last={"format": "tunix_sft"}),
    }


TUNIX_SFT = Format(
    name="tunix_sft", version=2, container=LINES, render=render, metadata=EVERY_METADATA
)
