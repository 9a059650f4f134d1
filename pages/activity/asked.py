"""What an address asks of the activity."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rest_framework.exceptions import ValidationError

from pages.shared.asked import Asked, Wrong
from tunix_site.audit.finding import EventQuery
from tunix_site.errors import text_of

LABELS = {
    "actor": "Who",
    "through": "Through",
    "action": "What",
    "object_type": "Kind",
    "object_id": "Id",
    "job": "Job",
    "created_after": "From",
    "created_before": "Before",
}


class Chip(NamedTuple):
    """A filter that is on, why it is refused if it is, and the address without it."""

    label: str
    text: str
    problem: str
    without: str


def asked_by(query: Mapping[str, str]) -> Asked:
    """Read the filters of an address, each by itself."""
    serializer = EventQuery()
    texts: dict[str, str] = {}
    values: dict[str, Any] = {}
    wrong: dict[str, Wrong] = {}
    for name in LABELS:
        if text := query.get(name, "").strip():
            try:
                values[name] = serializer.fields[name].run_validation(text)
            except ValidationError as error:
                wrong[name] = Wrong(text, text_of(error.detail))
            else:
                texts[name] = text
    return Asked(texts, values, wrong)


def chips_of(asked: Asked) -> list[Chip]:
    return [
        Chip(
            label=LABELS[name],
            text=text,
            problem=asked.wrong[name].reason if name in asked.wrong else "",
            without=asked.without(name),
        )
        for name, text in asked.every_text.items()
    ]
