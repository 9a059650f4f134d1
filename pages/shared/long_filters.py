"""Addresses of filters of traces that stay short: a long one is kept, and named by an id."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from rest_framework.exceptions import NotFound

from pages.shared.asked import address_with, texts_of
from traces.finding.filters import TraceFilters
from traces.services.filters.long_filters import keep_long_filter, open_long_filter

FILTER = "filter"  # names a filter that is kept
MOST_CHARS = 2_000  # of an address; the server takes 8,190, and a login has it written twice over
GONE = "It was not used for 90 days, or there never was such a filter: choose its traces again."


def is_long(texts: Mapping[str, str]) -> bool:
    """Tell whether a filter is too long for an address."""
    return len(address_with(texts)) > MOST_CHARS


def named(texts: Mapping[str, str], *, by: Any, **more: str) -> str:
    """Give the address of a list with filters; a user keeps them where they are too long for it."""
    if not is_long(texts):
        return address_with(texts, **more)
    return address_by(str(keep_long_filter(texts=texts, owner=by)), **more)


def address_by(identity: str, **more: str) -> str:
    """Give the address of a list whose filter is kept."""
    return "?" + urlencode({FILTER: identity, **more})


def begun_with(where: Mapping[str, Any], written: Callable[[Any], str], *, by: Any) -> str:
    """Give the query by which a form begins with a filter: as it is written, or its id."""
    texts = texts_of(where)
    return named(texts, by=by) if is_long(texts) else written(where)


def where_named(identity: str) -> dict[str, Any]:
    """Give the filter that an address names, as JSON; NotFound where it is not kept."""
    texts = open_long_filter(identity=identity)
    if texts is None:
        raise NotFound(GONE)
    return TraceFilters().typed(texts)
