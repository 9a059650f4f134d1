"""The indexes behind ingest: fills them with what is pending, the newest traces first."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from traces.finding.search import document_sql
from traces.indexes import Pending, SearchDocument, Signature
from traces.services.signatures import index_signatures

FEW = 10  # traces: rows of so few are taken together
ROWS_AT_ONCE = 100
QUIET = "1 s"  # without a batch, after which ingest is over: an import commits by the 2,000
# What a crash of the database makes it forget is pending again. The memory is for a GIN index's
# list of what is new: all of it goes into the index in one sorted pass.
SETTINGS = "SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '64MB'"
FEWEST_CHARS = 1_000
ONE_AT_A_TIME = 0x696E646578  # "index": what our processes agree on, in this database
OF_THE_DATA = ("22", "54")  # classes of SQLSTATE: data exceptions, limits exceeded

logger = logging.getLogger(__name__)


def index_some(*, kind: str, few_alone: bool = False, one_at_a_time: bool = False) -> int:
    """Index the newest traces that are pending; return how many there were, 0 for none.

    Any number of processes may do so at once. All of it is one transaction: what is interrupted
    stays pending. With `few_alone` those that came in by few are indexed, and batches left. With
    `one_at_a_time` there are none where another process that was asked so is at work.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SETTINGS)
            if one_at_a_time:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
                if cursor.fetchone() == (False,):
                    return 0
        rows = _claimed(kind, few_alone=few_alone)
        if held := _held(rows):
            INDEXERS[kind](held)
        Pending.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return sum(row.trace_count for row in rows)


@dataclass(frozen=True)
class Waiting:
    """What is pending: rows of few traces, traces of batches, and whether batches keep coming."""

    few: int
    in_batches: int
    coming_in: bool


def waiting(*, kind: str) -> Waiting:
    """Look at what is pending, in one query."""
    query = """
        SELECT count(*) FILTER (WHERE trace_count <= %(few)s),
            coalesce(sum(trace_count) FILTER (WHERE trace_count > %(few)s), 0),
            coalesce(max(created_at) FILTER (WHERE trace_count > %(few)s)
                > statement_timestamp() - %(quiet)s::interval, false)
        FROM traces_pending WHERE kind = %(kind)s
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"kind": kind, "few": FEW, "quiet": QUIET})
        return Waiting(*cursor.fetchone())


def _claimed(kind: str, *, few_alone: bool) -> list[Pending]:
    """Lock the newest row that nobody else works on, and if it is small, small ones before it."""
    pending = Pending.objects.filter(kind=kind).defer("trace_ids").order_by("-pk")
    if few_alone:
        pending = pending.filter(trace_count__lte=FEW)
    free = pending.select_for_update(skip_locked=True)
    rows = list(free[:1])
    if rows and rows[0].trace_count <= FEW:
        older = pending.filter(pk__lt=rows[0].pk).values("pk")[:ROWS_AT_ONCE]
        rows += free.filter(pk__in=older, trace_count__lte=FEW)
    return rows


def _held(rows: list[Pending]) -> list[UUID]:
    """Keep the traces from being deleted until the end; leave out those that are gone."""
    query = """
        SELECT id FROM traces_trace WHERE id = ANY(
            ARRAY(SELECT unnest(trace_ids) FROM traces_pending WHERE id = ANY(%s))
        ) ORDER BY id FOR KEY SHARE
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [[row.pk for row in rows]])
        return [trace_id for (trace_id,) in cursor.fetchall()]


def _index_words(trace_ids: list[UUID]) -> None:
    """Write the documents of traces; one that is refused costs no other its own."""
    if not _write_documents(trace_ids):
        for trace_id in trace_ids:
            _index_what_fits(trace_id)


def _index_what_fits(trace_id: UUID) -> None:
    """Write one document; of shorter and shorter beginnings of the texts, where it is too large."""
    if _write_documents([trace_id]):
        return
    query = "SELECT greatest(length(prompt), length(final_answer), length(steps::text)) FROM"
    with connection.cursor() as cursor:
        cursor.execute(f"{query} traces_trace WHERE id = %s", [trace_id])
        (chars,) = cursor.fetchone()
    while chars > FEWEST_CHARS:
        chars //= 2
        if _write_documents([trace_id], max_chars=chars):
            logger.warning("Trace %s: the first %d characters are searched.", trace_id, chars)
            return
    logger.error("Trace %s cannot be searched.", trace_id)


def _write_documents(trace_ids: list[UUID], max_chars: int | None = None) -> bool:
    """Write documents in one statement; False where one of them is refused."""
    query = f"""
        INSERT INTO traces_searchdocument (trace_id, document)
        SELECT id, {document_sql(max_chars)} FROM traces_trace WHERE id = ANY(%s)
        ON CONFLICT (trace_id) DO UPDATE SET document = EXCLUDED.document
    """  # noqa: S608
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query, [trace_ids])
    except DatabaseError as error:
        state: str = getattr(error.__cause__, "sqlstate", None) or ""
        if not state.startswith(OF_THE_DATA):
            raise
        return False
    return True


def pending_count(*, kind: str) -> int:
    """Count the traces that an index still lacks."""
    counts = Pending.objects.filter(kind=kind).aggregate(all=Sum("trace_count"))
    return counts["all"] or 0


def analyze_index(*, kind: str) -> None:
    """Tell the planner what is in the index: it would not know for a while after much was added."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLES[kind]}")


TABLES: dict[str, str] = {
    Pending.Kind.SEARCH: SearchDocument._meta.db_table,
    Pending.Kind.SIMILAR: Signature._meta.db_table,
}
INDEXERS: dict[str, Callable[[list[UUID]], Any]] = {
    # Each gets ids of traces that stay until its transaction ends; what it wrote before for one
    # of them it writes anew.
    Pending.Kind.SEARCH: _index_words,
    Pending.Kind.SIMILAR: lambda trace_ids: index_signatures(trace_ids=trace_ids),
}
