"""What an address asks of the list: filters, of which wrong ones are named and drop no other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from datasets.models import Dataset
from pages.shared.asked import EMPTY, Asked, Wrong, texts_of
from pages.shared.long_filters import FILTER, GONE, MOST_CHARS, address_by, is_long, named
from traces.finding.filters import META_PREFIX, OF_SCORES, TraceFilters
from traces.services.filters.long_filters import open_long_filter

META_KEY, META_VALUE = "meta_key", "meta_value"  # a filter on a key of meta, as the form sends it
NO_DATASET = "There is no dataset of this key."
WITHOUT = "without"  # names a filter that is left out of those that are kept
OF_PAGE = ("before", "after", "count", "panel")
MOST_OF_PAGE = 100  # characters of one of these
OWN = frozenset({*OF_PAGE, EMPTY, META_KEY, META_VALUE, FILTER, WITHOUT, "csrfmiddlewaretoken"})


@dataclass(frozen=True)
class AskedOfTraces(Asked):
    """The filters of the list of traces; where they are too long, the address has their id."""

    kept: str = ""

    @property
    def where(self) -> dict[str, Any]:
        """Give the filters as JSON, as queues, datasets and saved filters have them."""
        return TraceFilters().typed(self.texts)

    @property
    def where_json(self) -> str:
        return json.dumps(self.where, ensure_ascii=False)

    def address(self, **more: str) -> str:
        return address_by(self.kept, **more) if self.kept else super().address(**more)

    def without(self, *names: str) -> str:
        """Give the address without some of the filters, and what needs these."""
        left_out = [*names, *(OF_SCORES if "criteria" in names else ())]
        if self.kept:
            return "?" + urlencode({FILTER: self.kept, WITHOUT: left_out}, doseq=True)
        return super().without(*left_out)


def asked_by(query: QueryDict) -> AskedOfTraces:
    """Read the filters of an address, or those that it names by their id."""
    kept = query.get(FILTER, "")
    said = open_long_filter(identity=kept) if kept else {}
    asked = read_by(TraceFilters, query, said=said or {})
    wrong = asked.wrong if said is not None else {FILTER: Wrong(kept, GONE), **asked.wrong}
    is_as_kept = bool(kept) and asked.every_text == said
    return AskedOfTraces(asked.texts, asked.values, wrong, kept if is_as_kept else "")


def read_by(
    filters: type[TraceFilters], query: QueryDict, *, said: Mapping[str, str] | None = None
) -> Asked:
    """Read the filters of an address by their serializer, behind those that are `said` already."""
    given = _given(said or {}, query)
    wrong: dict[str, Wrong] = {}
    while True:
        try:
            values = _read(filters, given)
        except ValidationError as error:
            reasons: Mapping[str, Any] = error.detail  # type: ignore[assignment]  # by name
            for name in [name for name in given if name in reasons] or list(given):
                wrong[name] = Wrong(given.get(name, ""), _sentence(reasons.get(name, reasons)))
                del given[name]
        else:
            return Asked({name: given.get(name, "") for name in given}, values, wrong)


def _read(filters: type[TraceFilters], given: QueryDict) -> dict[str, Any]:
    """Read filters as the API does; what is of nothing that there is, is wrong as well."""
    values = filters.read(given)
    of_key = Dataset.objects.existing().filter(key=values.get("dataset"))
    if "dataset" in values and not of_key.exists():
        raise ValidationError({"dataset": [NO_DATASET]})
    return values


def _given(said: Mapping[str, str], query: QueryDict) -> QueryDict:
    """Give the filters that an address names by their id, less some, and those that it says."""
    given = QueryDict(mutable=True)
    for name, text in said.items():
        if name not in query.getlist(WITHOUT):
            given[name] = text
    for name, texts in named_in(query).lists():
        if name not in OWN and (some := [text for text in texts if text]):
            given.setlist(name, some)
    for name in query.getlist(EMPTY):
        if name not in OWN:
            given.setdefault(name, "")
    return given


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


def settled(query: QueryDict, *, by: Any) -> str | None:
    """Give the address that names what is too long for one, or no longer; None where it may stay.

    So may a filter by its id alone.
    """
    if FILTER not in query and len(query.urlencode()) <= MOST_CHARS:
        return None
    asked = asked_by(query)
    if asked.kept or FILTER in asked.wrong:
        return None
    if FILTER not in query and not is_long(asked.every_text):
        return None
    more = {name: query.get(name, "") for name in OF_PAGE if name in query}
    return named(asked.every_text, by=by, **more)


def address_of(where: Mapping[str, Any], *, by: Any) -> str:
    """Give the address of the list of a filter that is kept as JSON."""
    return named(texts_of(where), by=by)


def _sentence(reasons: Any) -> str:
    if isinstance(reasons, Mapping):
        return " ".join(f"{name}: {_sentence(inner)}" for name, inner in reasons.items())
    return " ".join(map(str, reasons)) if isinstance(reasons, list) else str(reasons)
