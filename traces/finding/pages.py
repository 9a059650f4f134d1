"""The rows of the trace list, newest first; the SQL for a set of filters is compiled once."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from traces.finding.filters import filters_of, newest_first, since, until
from traces.finding.nearest import THERE, Place, nearest
from traces.models import Trace
from traces.querysets import ROW_FIELDS, TraceQuerySet
from tunix_site.database.statements import Parameter, Statement
from tunix_site.strict_json import stored

INDEXED = frozenset({"source", "status"})  # columns with an index that has the order of the list


def page_rows(
    query: dict[str, Any], *, there: UUID | None, back: bool, limit: int
) -> list[dict[str, Any]]:
    """Read the rows that match: after the trace `there`, or with `back` before it, the next first.

    Without `there`, the newest.
    """
    filters, place = filters_of(query), Place(there is not None, back, limit)
    column = next(iter(filters), "")
    if not filters or (len(filters) == 1 and column in INDEXED):
        statement = _in_order(column, place)
        return [_row(values) for values in statement.rows({**filters, THERE: there})]
    ids = nearest(filters, place, there=there)
    return list(_ordered(Trace.objects.filter(pk__in=ids), back=back))


@lru_cache
def _in_order(column: str, place: Place) -> Statement:
    """Read by an index that has the order, of a column with the value that is asked for."""
    traces = _candidates(column, place) if column else Trace.objects.all()
    if place.follows:
        compared = "pk__gt" if place.back else "pk__lt"
        traces = traces.filter(**{compared: Parameter(THERE)})
    return Statement.of(_ordered(traces, back=place.back)[: place.limit])


def _candidates(column: str, place: Place) -> TraceQuerySet:
    """Find the ids of the page first.

    Left alone, the planner may walk from the newest trace on, past all with another value.
    """
    filters = {column: Parameter(column)}
    if place.follows:
        ordered = since if place.back else until
        traces = ordered(filters, column, Parameter(THERE))
    else:
        traces = newest_first(filters)
    some = traces.values("pk")[: place.limit + 1]  # with the one that is there
    return Trace.objects.filter(pk__in=some)


def _ordered(traces: TraceQuerySet, *, back: bool) -> Any:
    return traces.order_by("pk" if back else "-pk").previews()


def _row(values: tuple[Any, ...]) -> dict[str, Any]:
    row = dict(zip(ROW_FIELDS, values, strict=True))
    row["tags"] = stored(row["tags"])
    return row
