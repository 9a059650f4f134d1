"""Verdicts of people who sort replies into good and bad ones, as statuses."""

from typing import Any

NAMES = ("label", "kto_tag")  # of TRL and of LLaMA-Factory
STATUSES = {True: "approved", False: "rejected"}
TEXTS = {"true": True, "false": False}  # a cell of CSV is text


def status_of(record: dict[str, Any]) -> str | None:
    """Give the status that a record's label says, where it has one that is a boolean."""
    for name in NAMES:
        label = record.get(name)
        if isinstance(label, str):
            label = TEXTS.get(label.strip().lower())
        if isinstance(label, bool):
            return STATUSES[label]
    return None
