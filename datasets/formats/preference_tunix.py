"""A prompt with Gemma's marks, and a better and a worse response, as Tunix's DPO learns from."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.options import TEXT_FIRST, Options
from datasets.formats.pairs import PAIRS, PairRow, metadata
from datasets.formats.replies import in_gemmas_turns, reply_of, text
from traces.reasoning.templates import GEMMA
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought


def render(row: PairRow, options: Options) -> dict[str, Any]:
    chosen, rejected = row.chosen, row.rejected
    return {
        "prompts": in_gemmas_turns(chosen),
        "chosen_responses": f"{text(reply_of(chosen), Thought.PLAIN)}{GEMMA.end}",
        "rejected_responses": f"{text(reply_of(rejected), Thought.PLAIN)}{GEMMA.end}",
        **metadata(row, options),
    }


PREFERENCE_TUNIX = Format(
    name="preference_tunix",
    version=2,
    rows=PAIRS,
    row=PairRow,
    render=render,
    schema={
        "prompts": str,
        "chosen_responses": str,
        "rejected_responses": str,
        "metadata": str,
    },
    metadata=TEXT_FIRST,
    thoughts=(Thought.PLAIN,),
    leaves_out=Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE,
)
