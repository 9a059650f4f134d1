"""The turns with Gemma's marks, reasoning and answer in tags, as Tunix's examples reward them."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import ReplyRow
from datasets.formats.options import TEXT_FIRST, Options
from datasets.formats.rendering import metadata
from datasets.formats.replies import Reply, in_gemmas_turns, text, thought_of
from traces.reasoning.templates import GEMMA
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought


def render(row: ReplyRow, options: Options) -> dict[str, Any]:
    said = text(Reply(thought_of(row), row.final_answer), Thought.TAGS)
    return {
        "id": row.id,
        "prompts": f"{in_gemmas_turns(row)}{said}{GEMMA.end}",
        "final_answer": row.final_answer,
        **metadata(row, options, last={"format": "tunix_tagged"}),
    }


TUNIX_TAGGED = Format(
    name="tunix_tagged",
    version=1,
    row=ReplyRow,
    render=render,
    schema={"id": str, "prompts": str, "final_answer": str, "metadata": str},
    metadata=TEXT_FIRST,
    leaves_out=Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE,
)
