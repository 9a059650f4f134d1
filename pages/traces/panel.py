"""The panel of filters: a field for each filter of the API, with what is wrong of it beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pages.shared.asked import Asked
from pages.traces.choices import Choice
from traces.finding.filters import META_PREFIX, TraceFilters
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    DateTimeField,
    IntegerField,
    NumberField,
)

WORDS = "q"
MODEL = f"{META_PREFIX}model"
GROUPS = {
    "Trace": (
        *("source", "tag", MODEL, "trace_version"),
        *("min_steps", "max_steps", "created_after", "created_before"),
    ),
    "Scores": ("criteria", "outcome", "min_score", "max_score"),
    "Reviews": (
        *("status", "reviewer", "reviewed_after", "reviewed_before"),
        *("reason", "labelled", "has_note", "reviewed_by_hand", "disputed"),
    ),
    "Elsewhere": ("dataset", "ids", "prompt_hash", "content_hash"),
}
LABELS = {
    WORDS: "words",
    MODEL: "model",
    "reason": "reason for rejecting",
    "min_steps": "steps from",
    "max_steps": "steps to",
    "min_score": "score from",
    "max_score": "score to",
    "min_count": "attempts from",
    "pass_criteria": "right by the score",
    "pass_at": "right from",
}
HELPS = {  # in place of those for programs
    "created_after": "That day, or later.",
    "created_before": "Before that day.",
    "reviewed_after": "That day, or later.",
    "reviewed_before": "Before that day.",
    "outcome": "What the score on the criteria says of the answer.",
    "reviewer": "The whole name. What stands in the other fields is said of the same review.",
}
YES_OR_NO = [("true", "yes"), ("false", "no")]
DATE_CHARS = len("2026-11-29")


@dataclass(frozen=True)
class Control:
    """A field of the form; the filters' serializer alone judges what comes of it."""

    name: str
    label: str
    help: str
    value: str
    problem: str
    kind: str = "text"  # of the input
    mode: str = "text"  # of a keyboard on the screen
    max_length: int | None = None
    options: list[tuple[str, str]] = field(default_factory=list)  # the only values
    choices: list[Choice] = field(default_factory=list)  # some values


def label_of(name: str) -> str:
    return LABELS.get(name, name.replace("_", " ") if "." not in name else name)


def groups(
    asked: Asked,
    choices: Mapping[str, list[Choice]],
    *,
    shown: Mapping[str, Sequence[str]] = GROUPS,
    filters: type[TraceFilters] = TraceFilters,
) -> list[tuple[str, list[Control]]]:
    """Give the controls by their headings."""
    fields = filters().fields
    return [
        (title, [_control(name, fields.get(name), asked, choices) for name in names])
        for title, names in shown.items()
    ]


def unlisted(asked: Asked, *, shown: Mapping[str, Sequence[str]] = GROUPS) -> dict[str, str]:
    """Give the filters that no control shows, such as those on other keys of meta."""
    known = {WORDS, *(name for names in shown.values() for name in names)}
    return {name: text for name, text in asked.every_text.items() if text and name not in known}


def _control(name: str, of: Any, asked: Asked, choices: Mapping[str, list[Choice]]) -> Control:
    text = asked.every_text.get(name, "")
    wrong = asked.wrong.get(name)
    told: dict[str, Any] = {}
    if isinstance(of, ChoiceTextField):
        told["options"] = [(value, value) for value in of.choices]
    elif isinstance(of, BooleanField):
        told["options"] = YES_OR_NO
    elif isinstance(of, DateTimeField):
        told["kind"] = "date" if len(text) in (0, DATE_CHARS) and not wrong else "text"
    elif isinstance(of, IntegerField | NumberField):
        told["mode"] = "numeric" if isinstance(of, IntegerField) else "decimal"
    else:
        told["max_length"] = getattr(of, "max_length", None)
    options = told.get("options")
    if options and text and text not in dict(options):
        told["options"] = [(text, text), *options]  # a wrong one stays to be seen
    return Control(
        name=name,
        label=label_of(name),
        help=HELPS.get(name) or str(of.help_text or "").replace("`", "") if of else "",
        value=text,
        problem=wrong.reason if wrong else "",
        choices=choices.get(name, []),
        **told,
    )
