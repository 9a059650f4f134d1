"""What there is to choose from in the fields of filters, counted in a sample of the table."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from pages.traces.counting import about, planned
from traces.models import Score, Trace

SAMPLED = 1_000  # rows, so that the cost is the same at any size
MOST = 30  # choices of one field
MAX_CHARS = 128
MAX_META_BYTES = 4_000  # larger ones are not looked into
OF_TRACES = f"""
    SELECT source, ARRAY(SELECT jsonb_array_elements_text(tags)) AS tag_list, CASE
        WHEN pg_column_size(meta) < {MAX_META_BYTES} AND jsonb_typeof(meta->'model') = 'string'
        THEN meta->>'model'
    END
    FROM traces_trace TABLESAMPLE SYSTEM (%s) LIMIT {2 * SAMPLED}
"""  # noqa: S608
OF_SCORES = f"""
    SELECT criteria FROM traces_score TABLESAMPLE SYSTEM (%s) LIMIT {2 * SAMPLED}
"""  # noqa: S608
OF_SOURCES = f"""
    SELECT source, status FROM traces_trace TABLESAMPLE SYSTEM (%s) LIMIT {2 * SAMPLED}
"""  # noqa: S608


@dataclass(frozen=True)
class Choice:
    """A value of a field, and in words how many have it."""

    value: str
    count: str


def choices() -> dict[str, list[Choice]]:
    """Give the most common values by the filter's name; four small queries."""
    traces, of_traces = _sampled(Trace.objects.all(), OF_TRACES)
    scores, of_scores = _sampled(Score.objects.all(), OF_SCORES)
    return {
        "source": _most_common((source for source, _tags, _model in traces), of_traces),
        "tag": _most_common((tag for _source, tags, _model in traces for tag in tags), of_traces),
        "meta.model": _most_common((model for _source, _tags, model in traces), of_traces),
        "criteria": _most_common((criteria for (criteria,) in scores), of_scores),
    }


def sources_of(status: str) -> tuple[int, list[tuple[str, str]]]:
    """Give the sources of the traces of a status, and in words how many there are; two queries.

    The number says of how many rows of the sample they are.
    """
    rows, each = _sampled(Trace.objects.all(), OF_SOURCES)
    counted = Counter(source for source, of_row in rows if of_row == status)
    said = [(source, _said(count, each)) for source, count in counted.most_common(MOST)]
    return counted.total(), said


def _sampled(everything: Any, query: str) -> tuple[list[tuple[Any, ...]], float]:
    """Read some rows from all over a table, and tell how many rows each stands for."""
    total = planned(everything.order_by().values("pk"))
    share = 100 if total <= SAMPLED else 100 * SAMPLED / total
    with connection.cursor() as cursor:
        cursor.execute(query, [share])
        rows = cursor.fetchall()
    return rows, total / len(rows) if total > SAMPLED and rows else 1


def _most_common(values: Iterable[str | None], each: float) -> list[Choice]:
    counted = Counter(value for value in values if value and len(value) <= MAX_CHARS)
    return [Choice(value, _said(count, each)) for value, count in counted.most_common(MOST)]


def _said(count: int, each: float) -> str:
    """Say how many rows those of a sample stand for."""
    return about(round(count * each)) if each > 1 else f"{count:,}"
