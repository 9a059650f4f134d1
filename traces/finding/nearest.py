"""The ids of the traces that match next to a place in the list, at about the same cost anywhere.

Those next to the place are looked at first, which finds what is common at once; then the indexes
are asked for all that match, which finds what is rare at once. The planner cannot be left to
choose: it takes what matches for evenly spread, and walks past all traces where it is not.
"""

from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from traces.finding.curation.held import ids_of_dataset
from traces.finding.curation.reviewed import ids_of_reviews
from traces.finding.filters import (
    META_PREFIX,
    indexed_column,
    matching,
    newest_first,
    since,
    until,
)
from traces.models import Trace
from traces.querysets import TraceQuerySet
from tunix_site.database.statements import Parameter, Statement

LOOKED_AT, MOST_LOOKED_AT = 3_000, 50_000
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
KEPT_STATEMENTS = 256
MARGIN = 2
THERE, EDGE, OVER = "there", "edge", "over"
SAID_APART = frozenset({"outcome"})  # each of their few values makes another statement
# of keys of meta, ids and words there is no end; names are looked up: numbers tell how many match
NEVER_KEPT = frozenset({"reviewer", "dataset", "ids", "q"})

Shape = tuple[str, bool | str | None]


class Place(NamedTuple):
    """Which traces: the newest, or those that follow a trace or, back, precede it."""

    follows: bool
    back: bool
    limit: int


class Statements(NamedTuple):
    """What is asked: how far to look, which ids match up to there, and which of all."""

    edge: Statement
    some: Statement
    all: Statement

    def look(self, values: dict[str, Any], *, over: int, place: Place) -> tuple[list[UUID], bool]:
        """Give what matches of so many traces next to the place, and whether these are all."""
        edges = [edge for (edge,) in self.edge.rows({**values, OVER: over})]
        edge = edges[0] if edges else LAST if place.back else FIRST
        found = self.some.rows({**values, EDGE: edge})
        return [identity for (identity,) in found], not edges


def nearest(filters: dict[str, Any], place: Place, *, there: UUID | None) -> list[UUID]:
    """Give the ids next to the trace `there`, the next first; five statements at most."""
    if NEVER_KEPT & filters.keys() or any(name.startswith(META_PREFIX) for name in filters):
        statements = _statements(filters, place)
    else:
        statements = _kept_statements(tuple(map(_shape, filters.items())), place)
    values = {**filters, THERE: there}
    over = LOOKED_AT
    while over <= MOST_LOOKED_AT:
        found, are_all = statements.look(values, over=over, place=place)
        if are_all or len(found) == place.limit:
            return found
        if over > LOOKED_AT or not found:
            break
        over = MARGIN * over * place.limit // len(found)  # as many as promise enough
    return [identity for (identity,) in statements.all.rows(values)]


def _shape(asked: tuple[str, Any]) -> Shape:
    """Give a filter by its name; what is true or false makes another statement each."""
    name, value = asked
    return name, value if isinstance(value, bool) or name in SAID_APART else None


@lru_cache(maxsize=KEPT_STATEMENTS)
def _kept_statements(shape: tuple[Shape, ...], place: Place) -> Statements:
    filters = {name: Parameter(name) if value is None else value for name, value in shape}
    return _statements(filters, place)


def _statements(filters: dict[str, Any], place: Place) -> Statements:
    traces = matching(filters)
    if place.follows:
        traces = traces.filter(**{_compared(place): Parameter(THERE)})
    within = traces.filter(**{"pk__lte" if place.back else "pk__gte": Parameter(EDGE)})
    nearest_first = within.order_by("pk" if place.back else "-pk").values("pk")
    return Statements(
        edge=_beyond(_walked(filters, place)),
        some=Statement.of(nearest_first[: place.limit]),
        all=_all(filters, traces, place),
    )


def _beyond(traces: TraceQuerySet) -> Statement:
    """Give the trace behind so many."""
    found = Statement.of(traces.values("pk"))
    return Statement(f"{found.sql} OFFSET %s LIMIT 1", (*found.parameters, Parameter(OVER)))


def _walked(filters: dict[str, Any], place: Place) -> TraceQuerySet:
    """Give the traces from the place on, of a column with an index those with what is asked for."""
    column = indexed_column(filters)
    if column is None:
        traces = Trace.objects.order_by("pk" if place.back else "-pk")
        return traces.filter(**{_compared(place): Parameter(THERE)}) if place.follows else traces
    of_column = {column: filters[column]}
    if not place.follows:
        return newest_first(of_column)
    ordered = since if place.back else until
    return ordered(of_column, column, Parameter(THERE))


def _all(filters: dict[str, Any], traces: TraceQuerySet, place: Place) -> Statement:
    """Ask for all that match, then for their order: OFFSET 0 keeps it out of the plan.

    Where one other table tells all, the traces are not read.
    """
    of_dataset, of_reviews = ids_of_dataset(filters), ids_of_reviews(filters)
    beside = of_reviews if of_dataset is None else of_dataset
    if beside is None:
        found = Statement.of(traces.order_by().values("pk"))
    else:
        if place.follows:
            beside = beside.filter(**{_compared(place).replace("pk", "trace"): Parameter(THERE)})
        found = Statement.of(beside.order_by())
    once = "DISTINCT" if of_reviews is not None else ""  # of a trace there may be several
    order = "ASC" if place.back else "DESC"
    sql = f"""
        SELECT {once} id FROM ({found.sql} OFFSET 0) AS matches (id)
        ORDER BY id {order} LIMIT {place.limit}
    """  # noqa: S608
    return Statement(sql, found.parameters)


def _compared(place: Place) -> str:
    return "pk__gt" if place.back else "pk__lt"
