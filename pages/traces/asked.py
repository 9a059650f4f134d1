"""What an address asks of the list: filters, of which wrong ones are named and drop no other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from pages.shared.asked import EMPTY, Asked, Wrong, address_with
from traces.finding.filters import META_PREFIX, OF_SCORES, TraceFilters

META_KEY, META_VALUE = "meta_key", "meta_value"  # a filter on a key of meta, as the form sends it
OWN = frozenset({"before", "after", "count", "panel", EMPTY, META_KEY, META_VALUE})


@dataclass(frozen=True)
class AskedOfTraces(Asked):
    """The filters of the list of traces."""

    @property
    def where(self) -> dict[str, Any]:
        """Give the filters as JSON, as queues, datasets and saved filters have them."""
        return TraceFilters().typed(self.texts)

    @property
    def where_json(self) -> str:
        return json.dumps(self.where, ensure_ascii=False)

    def without(self, *names: str) -> str:
        """Give the address without some of the filters, and what needs these."""
        return super().without(*names, *(OF_SCORES if "criteria" in names else ()))


def asked_by(query: QueryDict) -> AskedOfTraces:
    """Read the filters of an address."""
    asked = read_by(TraceFilters, query)
    return AskedOfTraces(asked.texts, asked.values, asked.wrong)


def read_by(filters: type[TraceFilters], query: QueryDict) -> Asked:
    """Read the filters of an address by their serializer."""
    given = QueryDict(mutable=True)
    for name, texts in named_in(query).lists():
        if name not in OWN and (said := [text for text in texts if text]):
            given.setlist(name, said)
    for name in query.getlist(EMPTY):
        if name not in OWN:
            given.setdefault(name, "")
    wrong: dict[str, Wrong] = {}
    while True:
        try:
            values = filters.read(given)
        except ValidationError as error:
            reasons: Mapping[str, Any] = error.detail  # type: ignore[assignment]  # by name
            for name in [name for name in given if name in reasons] or list(given):
                wrong[name] = Wrong(given.get(name, ""), _sentence(reasons.get(name, reasons)))
                del given[name]
        else:
            return Asked({name: given.get(name, "") for name in given}, values, wrong)


def named_in(query: QueryDict) -> QueryDict:
    """Give the parameters with the filter on a key of meta under its own name."""
    key = query.get(META_KEY, "").strip()
    if not key:
        return query
    named = query.copy()
    named[META_PREFIX + key] = query.get(META_VALUE, "")
    return named


def tidied(query: QueryDict) -> str | None:
    """Give the address that says the same without empty fields; None where there are none."""
    if any(len(texts) > 1 for name, texts in query.lists() if name != EMPTY):
        return None
    named = named_in(query)
    said = [(name, text) for name, texts in named.lists() for text in texts if text]
    kept = [
        (name, text)
        for name, text in said
        if name not in (META_KEY, META_VALUE) and not (name == EMPTY and named.get(text))
    ]
    asked = [(name, text) for name, texts in query.lists() for text in texts]
    return None if kept == asked else "?" + urlencode(kept)


def address_of(where: Mapping[str, Any]) -> str:
    """Give the address of the list of a filter that is kept as JSON."""
    return address_with({name: _text(value) for name, value in where.items()})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sentence(reasons: Any) -> str:
    if isinstance(reasons, Mapping):
        return " ".join(f"{name}: {_sentence(inner)}" for name, inner in reasons.items())
    return " ".join(map(str, reasons)) if isinstance(reasons, list) else str(reasons)
