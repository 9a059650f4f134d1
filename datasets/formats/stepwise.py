"""A prompt and its steps, each with whether a reviewer found it right, for reward models."""

from typing import Any

import msgspec

from datasets.formats.format import Format
from datasets.formats.items import StepLabelsRow
from datasets.formats.labelled import STEP_LABELLED
from datasets.formats.options import TEXT_FIRST, Neutral, Options
from datasets.formats.rendering import metadata, source
from datasets.formats.schema import read_steps
from traces.reasoning.turns import Parts
from traces.reasoning.writing import neutral

_labels = msgspec.json.Decoder(dict[str, int]).decode


def render(row: StepLabelsRow, options: Options) -> dict[str, Any]:
    labels = _labels(row.step_labels)
    steps = [(neutral(step.content), labels.get(str(step.i), 0)) for step in read_steps(row.steps)]
    if options.neutral is Neutral.DROP:
        steps = [(content, label) for content, label in steps if label]
    least = 1 if options.neutral is Neutral.FALSE else 0
    return {
        "prompt": neutral(row.prompt),
        "completions": [content for content, _ in steps],
        "labels": [label >= least for _, label in steps],
        **metadata(row, options, first=source(row)),
    }


STEPWISE = Format(
    name="stepwise",
    version=1,
    rows=STEP_LABELLED,
    row=StepLabelsRow,
    render=render,
    schema={"prompt": str, "completions": [str], "labels": [bool], "metadata": str},
    metadata=TEXT_FIRST,
    neutrals=tuple(Neutral),
    leaves_out=Parts.SEVERAL_TURNS | Parts.TOOLS | Parts.MEDIA | Parts.UNREADABLE,
)
