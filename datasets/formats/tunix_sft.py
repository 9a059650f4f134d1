"""The turns as one text with Gemma's marks, for supervised fine-tuning with Tunix."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import ConversationRow
from datasets.formats.options import EVERY_METADATA, Options
from datasets.formats.rendering import metadata, response
from traces.reasoning.templates import GEMMA, in_two_roles
from traces.reasoning.turns import Parts, context
from tunix_site.strict_json import stored


def render(row: ConversationRow, options: Options) -> dict[str, Any]:
    return {
        "id": row.id,
        "prompts": f"{_asked(row)}{GEMMA.completion(response(row))}",
        "final_answer": row.final_answer,
        **metadata(row, options, last={"format": "tunix_sft"}),
    }


def _asked(row: ConversationRow) -> str:
    """Write what stands before the reply; of several turns each in its own role."""
    if row.turns is None:
        return GEMMA.prompt(row.prompt)
    return GEMMA.conversation(in_two_roles(context(stored(row.turns), stored(row.meta))))


TUNIX_SFT = Format(
    name="tunix_sft",
    version=2,
    row=ConversationRow,
    render=render,
    schema={"id": str, "prompts": str, "final_answer": str, "metadata": str},
    metadata=EVERY_METADATA,
    leaves_out=Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE,
)
