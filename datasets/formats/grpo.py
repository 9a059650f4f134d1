"""Prompts with the answers that they want, for TRL's GRPO and for Tunix's."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import PromptRow
from datasets.formats.options import TEXT_FIRST, Options
from datasets.formats.prompts import PROMPTS
from datasets.formats.rendering import metadata, source
from datasets.formats.replies import asked, in_gemmas_turns, messages
from datasets.formats.schema import Message
from traces.reasoning.turns import Parts
from traces.reasoning.writing import neutral


def render(row: PromptRow, options: Options) -> dict[str, Any]:
    return {
        "prompt": messages(asked(row)),
        "prompt_text": in_gemmas_turns(row),  # TRL gives rewards `prompts` of its own
        "question": neutral(row.prompt),
        "answer": row.reference,
        **metadata(row, options, first=source(row), last={"attempts": int(row.attempts)}),
    }


GRPO = Format(
    name="grpo",
    version=2,
    rows=PROMPTS,
    row=PromptRow,
    render=render,
    schema={
        "prompt": [Message],
        "prompt_text": str,
        "question": str,
        "answer": str,
        "metadata": str,
    },
    metadata=TEXT_FIRST,
    leaves_out=Parts.TOOLS | Parts.MEDIA | Parts.UNREADABLE,
)
