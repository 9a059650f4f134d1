"""Verdicts of people who sort replies into good and bad ones, as statuses."""

from collections.abc import Iterable
from typing import Any

NAMES = ("label", "kto_tag")  # of TRL and of LLaMA-Factory
STATUSES = {True: "approved", False: "rejected"}
TEXTS = {"true": True, "false": False}  # a cell of CSV is text
# of a completion, where nothing else than a verdict can be meant
WORDS = {**TEXTS, "desirable": True, "undesirable": False, "chosen": True, "rejected": False}


def status_of(record: dict[str, Any]) -> str | None:
    """Give the status that a record's label says, where it has one that is a boolean."""
    for name in NAMES:
        label = record.get(name)
        if isinstance(label, str):
            label = TEXTS.get(label.strip().lower())
        if isinstance(label, bool):
            return STATUSES[label]
    return None


def verdict_of(record: dict[str, Any], *, numbers: bool) -> str | None:
    """Give the status that a completion's label says, in words too; in 0 and 1 if `numbers` do."""
    for name in NAMES:
        label = record.get(name)
        known = WORDS.get(label.strip().lower()) if isinstance(label, str) else None
        if known is None and numbers and (number := _number(label)) in (0, 1):
            known = number == 1
        if known is not None:
            return STATUSES[known]
    return status_of(record)


def has_verdicts(records: Iterable[dict[str, Any]]) -> bool:
    """Tell whether the labels in numbers of a file's first records are 0 and 1 alone."""
    labels = (_number(record.get(name)) for record in records for name in NAMES)
    return all(label in (0, 1, None) for label in labels)


def _number(label: Any) -> float | None:
    """Give a label that is a number, or the text of a whole one."""
    if isinstance(label, str):
        return {"0": 0, "1": 1}.get(label.strip(), 2 if label.strip().isdecimal() else None)
    is_number = isinstance(label, int | float) and not isinstance(label, bool)
    return label if is_number else None
