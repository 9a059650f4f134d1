"""Prompt and completion as texts without a template, of one question alone."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import LabelledRow, ReplyRow
from datasets.formats.options import TEXT_FIRST, Options
from datasets.formats.rendering import metadata, source
from datasets.formats.replies import reply_of, text
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought, neutral

AS_TEXT = (Thought.PLAIN, Thought.THINK, Thought.TAGS, Thought.NONE)
ONE_QUESTION = Parts.SEVERAL_TURNS | Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE


def render(row: ReplyRow, options: Options) -> dict[str, Any]:
    return {**prompt_and_completion(row, options), **metadata(row, options, first=source(row))}


def prompt_and_completion(row: ReplyRow | LabelledRow, options: Options) -> dict[str, str]:
    return {"prompt": neutral(row.prompt), "completion": text(reply_of(row), options.thought)}


PROMPT_COMPLETION = Format(
    name="prompt_completion",
    version=2,
    row=ReplyRow,
    render=render,
    schema={"prompt": str, "completion": str, "metadata": str},
    metadata=TEXT_FIRST,
    thoughts=AS_TEXT,
    leaves_out=ONE_QUESTION,
)
