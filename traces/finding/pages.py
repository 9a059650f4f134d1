"""The rows of the trace list, newest first; the SQL for a set of filters is compiled once."""

from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from traces.finding.filters import (
    META_PREFIX,
    filters_of,
    indexed_column,
    matching,
    newest_first,
    since,
    until,
)
from traces.models import Trace
from traces.querysets import ROW_FIELDS, TraceQuerySet
from tunix_site.database.statements import Parameter, Statement
from tunix_site.strict_json import stored

KEPT_STATEMENTS = 256
THERE = "there"

SAID_APART = frozenset({"outcome"})  # each of their few values makes another statement
# of keys of meta and of ids there is no end; names are looked up: their number tells how many match
NEVER_KEPT = frozenset({"reviewer", "dataset", "ids"})

Shape = tuple[str, bool | str | None]


class Place(NamedTuple):
    """Which rows of the list: the first ones, or those that follow a trace or, back, precede it."""

    follows: bool
    back: bool
    limit: int


def page_rows(
    query: dict[str, Any], *, there: UUID | None, back: bool, limit: int
) -> list[dict[str, Any]]:
    """Read the rows that match: after the trace `there`, or with `back` before it, the next first.

    Without `there`, the newest.
    """
    filters = filters_of(query)
    place = Place(there is not None, back, limit)
    if NEVER_KEPT & filters.keys() or any(name.startswith(META_PREFIX) for name in filters):
        statement = _statement(filters, place)
    else:
        statement = _kept_statement(tuple(map(_shape, filters.items())), place)
    return [_row(values) for values in statement.rows({**filters, THERE: there})]


def _shape(asked: tuple[str, Any]) -> Shape:
    """Give a filter by its name; what is true or false makes another statement each."""
    name, value = asked
    return name, value if isinstance(value, bool) or name in SAID_APART else None


@lru_cache(maxsize=KEPT_STATEMENTS)
def _kept_statement(shape: tuple[Shape, ...], place: Place) -> Statement:
    filters = {name: Parameter(name) if value is None else value for name, value in shape}
    return _statement(filters, place)


def _statement(filters: dict[str, Any], place: Place) -> Statement:
    traces = _candidates(filters, place)
    if place.follows:
        compared = "pk__gt" if place.back else "pk__lt"
        traces = traces.filter(**{compared: Parameter(THERE)})
    rows = traces.order_by("pk" if place.back else "-pk").previews()
    return Statement.of(rows[: place.limit])


def _candidates(filters: dict[str, Any], place: Place) -> TraceQuerySet:
    """Find the ids of the page first, where a column with an index of its own is filtered on.

    Left alone, the planner may walk from the newest trace on, past all with another value.
    """
    column = indexed_column(filters)
    if column is None:
        return matching(filters)
    if place.follows:
        ordered = since if place.back else until
        traces = ordered(filters, column, Parameter(THERE))
    else:
        traces = newest_first(filters)
    some = traces.values("pk")[: place.limit + 1]  # with the one that is there
    return Trace.objects.filter(pk__in=some)


def _row(values: tuple[Any, ...]) -> dict[str, Any]:
    row = dict(zip(ROW_FIELDS, values, strict=True))
    row["tags"] = stored(row["tags"])
    return row
