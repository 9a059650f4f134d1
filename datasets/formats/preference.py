"""A prompt with a better and a worse completion, as DPO and reward models learn from."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.options import TEXT_FIRST, Options
from datasets.formats.pairs import PAIRS, PairRow, metadata
from datasets.formats.prompt_completion import AS_TEXT, ONE_QUESTION
from datasets.formats.replies import asked, message, messages, reply_of, text
from datasets.formats.schema import Kind, Message, Schema
from traces.reasoning.writing import neutral


def render(row: PairRow, options: Options) -> dict[str, Any]:
    chosen, rejected = row.chosen, row.rejected
    way = options.thought
    if options.conversational:
        sides: dict[str, Any] = {
            "prompt": messages(asked(chosen), way),
            "chosen": [message(reply_of(chosen), way)],
            "rejected": [message(reply_of(rejected), way)],
        }
    else:
        sides = {
            "prompt": neutral(row.prompt),
            "chosen": text(reply_of(chosen), way),
            "rejected": text(reply_of(rejected), way),
        }
    return {
        **sides,
        "margin": float(row.margin),
        "reason": row.reason,
        **metadata(row, options),
    }


def schema(options: Options) -> Schema:
    said: Kind = [Message] if options.conversational else str
    return {
        **dict.fromkeys(("prompt", "chosen", "rejected"), said),
        "margin": float,
        "reason": str,
        "metadata": str,
    }


PREFERENCE = Format(
    name="preference",
    version=2,
    rows=PAIRS,
    row=PairRow,
    render=render,
    schema=schema,
    metadata=TEXT_FIRST,
    thoughts=AS_TEXT,
    conversational=True,
    leaves_out=ONE_QUESTION,
)
