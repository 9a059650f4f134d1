"""The fields of the form that builds a dataset: where each stands in the body of a request.

A field reads text from a form into what JSON is made of, and writes it back as the text that it
would be read from. What is left empty is not sent. Text that is no value of its kind is sent as it
is: the serializer refuses it, beside the field. Refused is what no value could say.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from traces.finding.filters import TraceFilters

MOST_NAMED = 5  # names that come twice
Choices = tuple[tuple[str, str], ...]


class Refused(ValueError):
    """A text that would not be kept whole, in words."""


def plain(value: Any) -> str:
    """Write a value as the text of a field."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and value == float(f"{value:g}") else str(value)


def _same(text: str) -> Any:
    return text


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of one line; `path` is its name as well."""

    path: str
    label: str
    kind: str = "text"
    read: Callable[[str], Any] = _same
    hint: str = ""
    known: str = ""  # the name of a list to choose from, which takes other values, too
    choices: Choices = ()
    initial: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return "f-" + re.sub(r"[^a-z]+", "-", self.path)

    def value_in(self, form: QueryDict) -> Any:
        """Give what a form says; None where it says nothing. Refused where that is no value."""
        text = form.get(self.path, "").replace("\r\n", "\n")
        return self.read(text) if text.strip() else None

    def texts(self, value: Any) -> list[str]:
        return [plain(value)]


class Check(Field):
    """A box that is true where it is checked, and left out where not."""

    def value_in(self, form: QueryDict) -> Any:
        return True if self.path in form else None

    def texts(self, value: Any) -> list[str]:
        return ["on"] if value is True else []


class Several(Field):
    """Boxes of which those that are checked make a list."""

    def value_in(self, form: QueryDict) -> Any:
        return form.getlist(self.path) or None

    def texts(self, value: Any) -> list[str]:
        return [str(one) for one in value]


class Filter(Field):
    """A filter of traces, typed as a query of the list is."""

    def value_in(self, form: QueryDict) -> Any:
        text, name = form.get(self.path, ""), self.path.removeprefix("where.")
        return TraceFilters().typed({name: text})[name] if text else None


class Lines(Field):
    """Lines `name = value` that make an object; a name stands there once."""

    def value_in(self, form: QueryDict) -> Any:
        lines = [line for line in form.get(self.path, "").splitlines() if line.strip()]
        parts = [line.partition("=") for line in lines]
        pairs = [(name.strip(), value.strip()) for name, _, value in parts]
        twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        if twice:
            raise Refused(f"More than once: {', '.join(twice[:MOST_NAMED])}.")
        return {name: self.read(value) for name, value in pairs} or None

    def texts(self, value: Any) -> list[str]:
        return ["\n".join(f"{name} = {plain(one)}" for name, one in value.items())]


class Filters(Lines):
    """Lines that are filters of traces, of which there are no fields of their own."""

    def value_in(self, form: QueryDict) -> Any:
        texts = super().value_in(form)
        return TraceFilters().typed(texts) if texts else None


class Sorts(Field):
    """Lines `score:NAME desc`: by what the best of several is told."""

    def value_in(self, form: QueryDict) -> Any:
        lines = [line.split() for line in form.get(self.path, "").splitlines() if line.strip()]
        return [_sort(*words) for words in lines] or None

    def texts(self, value: Any) -> list[str]:
        return ["\n".join(f"{one['by']} {one.get('order', 'desc')}" for one in value)]


def _sort(by: str, *order: str) -> dict[str, str]:
    return {"by": by, **({"order": " ".join(order)} if order else {})}


class Against(Several):
    """The evaluation sets that are checked, as objects; how they are found is said once for all."""

    def value_in(self, form: QueryDict) -> Any:
        how: dict[str, Any] = {}
        if match := form.get("decontaminate.match", ""):
            how["match"] = match
        if form.get("decontaminate.fields", "") == "steps":
            how["fields"] = ["prompt", "steps"]
        return [{"eval_set": key, **how} for key in form.getlist(self.path)] or None

    def texts(self, value: Any) -> list[str]:
        return [one["eval_set"] for one in value]
