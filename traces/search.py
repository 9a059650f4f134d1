"""Full-text search: what of a trace is searched, which traces hold words, and where.

Documents are written behind ingest by `traces.services.indexing`; a trace without one is not found.
"""

import html
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db import InternalError, connections, transaction
from django.db.models.expressions import RawSQL

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from traces.models import Trace

CONFIG = "english"
MAX_WORDS = 50
CANDIDATES = 1_000  # the newest matches, which alone are ranked
WEIGHTS = "{0.1, 0.2, 0.4, 1.0}"  # of D, C (steps), B (answer), A (prompt)
BY_LENGTH = 1  # divides a rank by 1 + the logarithm of the document's length

# Words that the planner expects in so few documents are left to the index at once. For others, so
# many of the newest are looked at before: a second time where the first look promises enough.
RARE = 5_000
LOOKS = (5_000, 50_000)
LOOKS_FILTERED = (5_000, 20_000)  # at more cost: the traces are read as well
MOST_CHECKED = 10_000  # documents with the words, for whether their traces pass other filters

EXCERPT_SOURCE_CHARS = 10_000
EXCERPT_CHARS = 600
EXCERPT_OPTIONS = "MaxFragments=2, MaxWords=25, MinWords=8, ShortWord=0"
# Private characters, which are taken out of the text: what is marked is marked by us.
OPENS, CLOSES, LESS_THAN = "\ue000", "\ue001", "\ue002"

# PostgreSQL reads `x<y and z>w` as a tag and `7+5`, `3/4` as one token; here they are words apart.
BLANKED = "<>/+"
_BLANKS = str.maketrans(dict.fromkeys(BLANKED, " "))
_TAKEN_APART = re.compile(rf"(?<!\S)(-*)(\S*[{BLANKED}]\S*)")
_STEPS = "(SELECT string_agg(step->>'content', E'\\n') FROM jsonb_array_elements(steps) AS step)"


def _words(text: str) -> str:
    for character in BLANKED:
        text = f"replace({text}, '{character}', ' ')"
    return f"to_tsvector('{CONFIG}', {text})"


def document_sql(max_chars: int | None = None) -> str:
    """Give the SQL of a trace's document; of the beginning of each of its texts, if so bounded."""
    texts = ["prompt", "final_answer", _STEPS]
    if max_chars is not None:
        texts = [f"left({text}, {max_chars})" for text in texts]
    return " || ".join(
        f"setweight({_words(text)}, '{weight}')" for text, weight in zip(texts, "ABC", strict=True)
    )


QUERY = f"websearch_to_tsquery('{CONFIG}', %s)"


def typed(text: str) -> str:
    """Blank in a query what is blanked in the documents; what that takes apart is a phrase."""
    parts = text.split('"')
    parts[::2] = [_TAKEN_APART.sub(r'\1"\2"', part) for part in parts[::2]]
    return '"'.join(parts).translate(_BLANKS)


def condition(text: str) -> SearchQuery:
    return SearchQuery(typed(text), config=CONFIG, search_type="websearch")


def refusal(text: str) -> str | None:
    """Say why a text cannot be searched for, or nothing; one small query."""
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(f"SELECT numnode({QUERY})", [typed(text)])
            nodes = cursor.fetchone()[0]
    except InternalError:  # of a hundred minus signs in a row, PostgreSQL's stack is too small
        return "Cannot be read as a search."
    if not nodes:
        return "Holds no word that is searched for."
    if nodes > 2 * MAX_WORDS:  # words, and what joins them
        return f"Holds more than {MAX_WORDS} words."
    return None


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


def ranked(text: str, trace_ids: Iterable[UUID]) -> list[tuple[float, UUID]]:
    """Give rank and id of each trace, best first and newest first among equals."""
    query = f"""
        SELECT ts_rank_cd('{WEIGHTS}', document, {QUERY}, {BY_LENGTH}), trace_id
        FROM traces_searchdocument WHERE trace_id = ANY(%s)
    """  # noqa: S608
    with connections["default"].cursor() as cursor:
        cursor.execute(query, [typed(text), list(trace_ids)])
        return sorted(cursor.fetchall(), reverse=True)


def excerpt(text: str) -> RawSQL:
    """Give the expression of a trace's excerpt around the words, which `marked_up` finishes."""
    options = f'{EXCERPT_OPTIONS}, StartSel={OPENS}, StopSel={CLOSES}, FragmentDelimiter=" … "'
    sql = f"""
        ts_headline(
            '{CONFIG}',
            translate(
                left(concat_ws(E'\\n', prompt, final_answer, {_STEPS}), {EXCERPT_SOURCE_CHARS}),
                %s, %s
            ),
            {QUERY}, %s
        )
    """
    parameters = [f"<{OPENS}{CLOSES}{LESS_THAN}", LESS_THAN, typed(text), options]
    return RawSQL(sql, parameters)  # noqa: S611  # what is sent is in the parameters


def marked_up(found: str) -> str:
    """Make safe HTML of an excerpt: all of it is escaped but for our marks."""
    found = found[:EXCERPT_CHARS]
    if found.rfind(OPENS) > found.rfind(CLOSES):
        found += CLOSES
    escaped = html.escape(found.replace(LESS_THAN, "<"))
    return escaped.replace(OPENS, "<mark>").replace(CLOSES, "</mark>")
