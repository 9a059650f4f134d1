"""How the form that builds a dataset is laid out: its fields, step by step."""

from typing import NamedTuple

from datasets.recipe.recipe import LACKING, MISSING
from pages.building.fields import (
    Against,
    Check,
    Choices,
    Field,
    Filter,
    Filters,
    Lines,
    Several,
    Sorts,
)
from pages.shared.values import number_or_text
from traces.models import Status
from traces.reasoning.answers.comparing import OUTCOMES


class Group(NamedTuple):
    """The fields of a step; `path` is the key of the body that errors of the whole step name."""

    title: str
    path: str
    fields: tuple[Field, ...]
    hint: str = ""
    is_open: bool = False


def _of(values: list[str]) -> Choices:
    return (("", "any"), *((value, value) for value in values))


LACK = {"drop": "take them away", "keep": "keep them", "score": "score them first"}
WHOLE = {"inputmode": "numeric"}
DECIMAL = {"inputmode": "decimal"}
RULES = (
    ("right_over_wrong", "a right answer over a wrong one"),
    ("approved_over_rejected", "an approved one over a rejected one"),
    ("preferred", "what people prefer"),
    ("shorter_right", "the shorter of two right ones"),
)


def _lacking(values: list[str]) -> Choices:
    return (("", LACK["drop"]), *((value, LACK[value]) for value in values if value != "drop"))


NAMED = Group(
    "Name",
    "",
    (
        Field(path="dataset_name", label="Name", attributes={"maxlength": "128"}),
        Field(path="dataset_version", label="Version", attributes={"maxlength": "64"}),
        Field(path="parent_dataset_id", label="Made from", hint="The key of another dataset."),
    ),
    is_open=True,
)
STEPS = (
    Group(
        "Match",
        "where",
        (
            Filter(path="where.status", label="Status", kind="select", choices=_of(Status.values)),
            Filter(path="where.source", label="Source"),
            Filter(path="where.tag", label="Tag"),
            Filter(path="where.q", label="Words"),
            Filter(path="where.criteria", label="Scored by", known="criteria"),
            Filter(path="where.min_score", label="Least score", attributes=DECIMAL),
            Filter(path="where.max_score", label="Greatest score", attributes=DECIMAL),
            Filter(
                path="where.outcome", label="Answer is", kind="select", choices=_of([*OUTCOMES])
            ),
            Filter(path="where.min_steps", label="Least steps", attributes=WHOLE),
            Filter(path="where.max_steps", label="Most steps", attributes=WHOLE),
            Filters(
                path="where",
                label="More filters",
                kind="lines",
                hint="One a line: meta.level = 3, reviewer = ada, created_after = 2026-01-31.",
            ),
        ),
        is_open=True,
    ),
    Group(
        "Exact copies",
        "exact",
        (Check(path="exact", label="Keep one of those with the same content", kind="check"),),
        is_open=True,
    ),
    Group(
        "Evaluation sets",
        "decontaminate",
        (
            Against(
                path="decontaminate.against", label="Take out the questions of", kind="several"
            ),
            Field(
                path="decontaminate.match",
                label="Found by",
                kind="select",
                choices=(
                    ("", "as fits the set"),
                    ("words", "words"),
                    ("exact", "the whole prompt"),
                ),
            ),
            Field(
                path="decontaminate.fields",
                label="In",
                kind="select",
                choices=(("", "prompts"), ("steps", "prompts and steps")),
            ),
            Field(
                path="decontaminate.n",
                label="Words in a row",
                read=number_or_text,
                attributes={**WHOLE, "placeholder": "5"},
            ),
            Field(
                path="decontaminate.share",
                label="Share of a question",
                read=number_or_text,
                attributes={**DECIMAL, "placeholder": "0.5"},
            ),
        ),
    ),
    Group(
        "Verify",
        "verify",
        (
            Field(path="verify.criteria", label="By the score", known="criteria"),
            Field(
                path="verify.min",
                label="At least",
                read=number_or_text,
                attributes={**DECIMAL, "placeholder": "1"},
            ),
            Field(
                path="verify.missing",
                label="Those without",
                kind="select",
                choices=_lacking(MISSING),
            ),
            Field(
                path="verify.undecided",
                label="Undecided ones",
                kind="select",
                choices=_lacking(LACKING),
            ),
        ),
    ),
    Group(
        "Duplicates",
        "dedupe",
        (
            Field(
                path="dedupe.near.threshold",
                label="Nearly the same from",
                read=number_or_text,
                hint="0.5 to 1; 0.9 is a good one.",
                attributes=DECIMAL,
            ),
            Field(
                path="dedupe.near.text",
                label="Compare",
                kind="select",
                choices=(("", "solutions"), ("all", "the whole text")),
            ),
            Check(path="dedupe.near.across_answers", label="Across answers", kind="check"),
            Field(
                path="dedupe.per_prompt",
                label="Most of a prompt",
                read=number_or_text,
                attributes=WHOLE,
            ),
            Check(path="dedupe.distinct_answers", label="One for each answer", kind="check"),
            Sorts(
                path="dedupe.keep",
                label="Best first by",
                kind="lines",
                hint="One a line: score:answer_correctness desc, length asc.",
            ),
        ),
    ),
    Group(
        "Select",
        "",
        (
            Field(
                path="limit",
                label="At most",
                read=number_or_text,
                hint="Empty: all of them.",
                attributes=WHOLE,
            ),
            Field(
                path="selection_strategy",
                label="Order",
                kind="select",
                choices=(("latest", "newest first"), ("random", "random")),
            ),
            Field(path="seed", label="Seed", read=number_or_text, initial="0", attributes=WHOLE),
            Field(path="stratify_by", label="Share between values of", hint="meta.KEY"),
            Field(
                path="weights",
                label="Their shares",
                kind="select",
                choices=(("", "proportional"), ("equal", "equal")),
            ),
        ),
        is_open=True,
    ),
    Group(
        "Split",
        "",
        (
            Lines(
                path="splits",
                label="Shares",
                kind="lines",
                read=number_or_text,
                hint="One a line, 1 in all: train = 0.9",
            ),
            Lines(
                path="split_counts",
                label="Or counts",
                kind="lines",
                read=number_or_text,
                hint="One a line: train = 1000",
            ),
            Field(
                path="split_by",
                label="Kept together",
                known="split-by",
                hint="prompt, near, trace or meta.KEY",
                attributes={"placeholder": "prompt"},
            ),
        ),
        is_open=True,
    ),
    Group(
        "Pair",
        "pair",
        (
            Several(path="pair.rules", label="Better is", kind="several", choices=RULES),
            Field(
                path="pair.per_prompt",
                label="Pairs of a prompt",
                hint="At most, in each split.",
                read=number_or_text,
                attributes={**WHOLE, "placeholder": "4"},
            ),
            Field(
                path="pair.max_longer_share",
                label="Share whose better is longer",
                read=number_or_text,
                attributes={**DECIMAL, "placeholder": "0.6"},
            ),
        ),
    ),
)
GROUPS = (NAMED, *STEPS)
FIELDS = {field.path: field for group in GROUPS for field in group.fields}
# said once for all sets, by `decontaminate.against`
BESIDE = ("decontaminate.match", "decontaminate.fields")
MORE = "more"
FORMAT = "format"
