"""The newest traces that hold the words of a search, found at about the same cost at any size.

Documents are looked at from the newest on, or the index is asked: whichever ends sooner.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connections

from traces.finding.search import QUERY, typed

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from traces.models import Trace

# Words that the planner expects in so few documents are left to the index at once. For others, so
# many of the newest are looked at before: a second time where the first look promises enough.
RARE = 5_000
LOOKS = (5_000, 50_000)
LOOKS_FILTERED = (5_000, 20_000)  # at more cost: the traces are read as well
MOST_CHECKED = 10_000  # documents with the words, for whether their traces pass other filters


def newest_matches(
    text: str, traces: "QuerySet[Trace]", *, until: UUID | None = None, limit: int
) -> list[UUID]:
    """Give the ids of the newest of `traces` that hold the words, newest first.

    Looks at the newest first, which finds what is common at once, then asks the index, which
    finds what is rare at once. The planner cannot be left to choose: it takes words for evenly
    spread over time, and walks past all documents where they are not.
    """
    if _expected(text) > RARE:
        found = _among_the_newest(text, traces, until=until, limit=limit)
        if found is not None:
            return found
    return _by_index(text, traces, until=until, limit=limit)


def _among_the_newest(
    text: str, traces: "QuerySet[Trace]", *, until: UUID | None, limit: int
) -> list[UUID] | None:
    """Find enough among the newest documents, or give None.

    Where there are other filters, that is tried by the words and then by the filters first.
    """
    if not traces.query.where:
        return _by_time(text, traces, LOOKS, until=until, limit=limit)
    found = _by_words(text, traces, until=until, limit=limit)
    return found or _by_time(text, traces, LOOKS_FILTERED, until=until, limit=limit)


def _by_words(
    text: str, traces: "QuerySet[Trace]", *, until: UUID | None, limit: int
) -> list[UUID] | None:
    """Find enough of the newest documents that hold the words, of which many pass the filters."""
    wanted = limit
    for looked_at in LOOKS:
        matches = _look(text, traces.model.objects.all(), until, wanted, looked_at)
        passing = traces.filter(pk__in=matches).order_by("-pk").values_list("pk", flat=True)
        found = list(passing[:limit])
        if len(found) == limit:
            return found
        wanted = MOST_CHECKED
        if len(found) * MOST_CHECKED < limit * len(matches):
            return None  # few pass
        if len(matches) * LOOKS[-1] < limit * looked_at:
            return None  # few hold the words
    return None


def _by_time(
    text: str,
    traces: "QuerySet[Trace]",
    looks: Sequence[int],
    *,
    until: UUID | None,
    limit: int,
) -> list[UUID] | None:
    for looked_at in looks:
        found = _look(text, traces, until, limit, looked_at)
        if len(found) == limit:
            return found
        if len(found) * looks[-1] < limit * looked_at:
            return None
    return None


def _expected(text: str) -> int:
    """Give the number of documents that the planner's statistics let expect."""
    query = f"EXPLAIN (FORMAT JSON) SELECT FROM traces_searchdocument WHERE document @@ {QUERY}"
    with connections["default"].cursor() as cursor:
        cursor.execute(query, [typed(text)])
        expected: int = cursor.fetchone()[0][0]["Plan"]["Plan Rows"]
    return expected


def _look(
    text: str, traces: "QuerySet[Trace]", until: UUID | None, limit: int, looked_at: int
) -> list[UUID]:
    """Find matches among so many of the newest, one document after the other."""
    if traces.query.where:
        earlier = traces.filter(pk__lte=until) if until else traces
        newest, parameters = _sql(earlier[:looked_at])
        # OFFSET 0: a document is fetched by its key
        newest = f"""({newest}) AS newest (id) CROSS JOIN LATERAL (
            SELECT trace_id, document FROM traces_searchdocument
            WHERE trace_id = newest.id OFFSET 0
        ) AS documents"""  # noqa: S608
    else:
        newest = """(
            SELECT trace_id, document FROM traces_searchdocument
            WHERE %s::uuid IS NULL OR trace_id <= %s::uuid
            ORDER BY trace_id DESC LIMIT %s
        ) AS documents"""
        parameters = (until, until, looked_at)
    query = f"""
        SELECT trace_id FROM {newest} WHERE document @@ {QUERY}
        ORDER BY trace_id DESC LIMIT %s
    """  # noqa: S608
    return _ids(query, [*parameters, typed(text), limit])


def _by_index(
    text: str, traces: "QuerySet[Trace]", *, until: UUID | None, limit: int
) -> list[UUID]:
    kept, parameters = "", tuple[Any, ...]()
    if traces.query.where:
        sql, parameters = _sql(traces.order_by())
        kept = f"AND trace_id IN ({sql})"
    # OFFSET 0 keeps the order out of the plan: nothing walks from the newest document on
    query = f"""
        SELECT trace_id
        FROM (
            SELECT trace_id FROM traces_searchdocument
            WHERE document @@ {QUERY} AND (%s::uuid IS NULL OR trace_id <= %s::uuid) {kept}
            OFFSET 0
        ) AS matches
        ORDER BY trace_id DESC LIMIT %s
    """  # noqa: S608
    return _ids(query, [typed(text), until, until, *parameters, limit])


def _sql(traces: "QuerySet[Trace]") -> tuple[str, tuple[Any, ...]]:
    sql, parameters = traces.values("pk").query.sql_with_params()
    return sql, tuple(parameters)


def _ids(query: str, parameters: Sequence[Any]) -> list[UUID]:
    with connections["default"].cursor() as cursor:
        cursor.execute(query, parameters)
        return [row[0] for row in cursor.fetchall()]
