"""What an address asks of the activity; a filter that is wrong is named and drops no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from rest_framework.exceptions import ValidationError

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


@dataclass(frozen=True)
class Chip:
    """A filter that is on, why it is refused if it is, and the address without it."""

    label: str
    text: str
    problem: str
    without: str


@dataclass(frozen=True)
class Asked:
    """Filters as an address has them, what they mean, and what is wrong with others."""

    texts: dict[str, str]
    values: dict[str, Any]
    problems: dict[str, str]

    @property
    def query(self) -> str:
        return urlencode(self.texts)

    @property
    def chips(self) -> list[Chip]:
        return [
            Chip(LABELS[name], text, self.problems.get(name, ""), self._without(name))
            for name, text in self.texts.items()
        ]

    def _without(self, name: str) -> str:
        return urlencode({one: text for one, text in self.texts.items() if one != name})


def asked_by(query: Mapping[str, str]) -> Asked:
    """Read the filters of an address, each by itself."""
    texts = {name: text for name in LABELS if (text := query.get(name, "").strip())}
    serializer = EventQuery()
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, text in texts.items():
        try:
            values[name] = serializer.fields[name].run_validation(text)
        except ValidationError as error:
            problems[name] = text_of(error.detail)
    return Asked(texts, values, problems)
