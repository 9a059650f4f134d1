"""Prompt, completion and whether it is a good one, as KTO learns from."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import LabelledRow
from datasets.formats.labelled import JUDGED
from datasets.formats.options import TEXT_FIRST, Options
from datasets.formats.prompt_completion import AS_TEXT, ONE_QUESTION, prompt_and_completion
from datasets.formats.rendering import metadata, source


def render(row: LabelledRow, options: Options) -> dict[str, Any]:
    return {
        **prompt_and_completion(row, options),
        "label": row.label == "t",
        **metadata(row, options, first=source(row)),
    }


UNPAIRED = Format(
    name="unpaired",
    version=2,
    rows=JUDGED,
    row=LabelledRow,
    render=render,
    schema={"prompt": str, "completion": str, "label": bool, "metadata": str},
    metadata=TEXT_FIRST,
    thoughts=AS_TEXT,
    leaves_out=ONE_QUESTION,
)
