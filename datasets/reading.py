"""Reading a dataset in order, in pieces of bounded size, each by a query of its own."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.db import connection

from datasets.exports import Format, RecordRow, Row
from datasets.models import Dataset
from traces.models import Score

FIRST_ROWS = 50  # so that the first byte does not wait for a large piece
MAX_ROWS = 2_000
MAX_CHARS = 8_000_000  # of traces held at a time

TIMESTAMP = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
COLUMNS = f"position, trace.id::text, {TIMESTAMP.format('trace.created_at')}, trace_version, " + (
    "prompt, final_answer, steps::text, meta::text"
)
RECORD_COLUMNS = f"{COLUMNS}, external_id, messages::text, status, tags::text, split"


class DatasetCutShort(Exception):
    """The dataset was deleted while it was read; what was sent is not all of it."""


def export_lines(dataset: Dataset, fmt: Format, split: str | None) -> Iterator[bytes]:
    """Yield the export in pieces of many lines, memory bounded whatever the dataset's size.

    DatasetCutShort at the end where rows are missing: the connection breaks, so that nobody takes
    the part for the whole.
    """
    records = fmt.name == "record"
    sent = 0
    for piece in _pieces(dataset, split, RECORD_COLUMNS if records else COLUMNS):
        build_id = str(dataset.build_id)
        rows: Iterable[Any] = [Row._make((*values[:8], build_id)) for values in piece]
        if records:
            rows = _with_records(rows, piece)
        sent += len(piece)
        yield b"".join(map(fmt.line, rows))
    if sent != row_count(dataset, split):
        raise DatasetCutShort(dataset.key)


def trace_ids(dataset: Dataset) -> Iterator[list[str]]:
    """Yield the ids of a dataset's traces in order, many at a time."""
    sent = 0
    for piece in _pieces(dataset, None, "position, trace_id::text", join=False):
        sent += len(piece)
        yield [identity for _, identity in piece]
    if sent != dataset.trace_count:
        raise DatasetCutShort(dataset.key)


def row_count(dataset: Dataset, split: str | None) -> int:
    if split is None:
        return dataset.trace_count
    count: int = dataset.stats["split_counts"][split]
    return count


def _pieces(
    dataset: Dataset, split: str | None, columns: str, *, join: bool = True
) -> Iterator[list[tuple[Any, ...]]]:
    """Page through the items by position; the first column is the position."""
    query = f"""
        SELECT {columns}
        FROM datasets_datasetitem AS item
        {"JOIN traces_trace AS trace ON trace.id = item.trace_id" if join else ""}
        WHERE dataset_id = %s AND position > %s {"" if split is None else "AND split = %s"}
        ORDER BY position LIMIT %s
    """  # noqa: S608
    largest = max(1, dataset.stats["max_total_chars"])
    rows = max(1, min(MAX_ROWS, MAX_CHARS // largest))
    limit = min(FIRST_ROWS, rows)
    position = -1
    while True:
        chosen = [] if split is None else [split]
        with connection.cursor() as cursor:
            cursor.execute(query, [dataset.pk, position, *chosen, limit])
            piece = cursor.fetchall()
        if not piece:
            return
        yield piece
        position, limit = piece[-1][0], rows


def _with_records(rows: Iterable[Row], piece: list[tuple[Any, ...]]) -> Iterator[RecordRow]:
    """Join what `record` shows beyond the content: one more query for the scores."""
    ids = [values[1] for values in piece]
    scores = {
        str(trace): [
            {
                "criteria": score.criteria,
                "scorer_version": score.scorer_version,
                "value": score.value,
                "details": score.details,
                "created_at": score.created_at,
            }
            for score in group
        ]
        for trace, group in groupby(
            Score.objects.filter(trace__in=ids).order_by("trace", "criteria", "scorer_version"),
            key=lambda score: score.trace_id,
        )
    }
    for row, values in zip(rows, piece, strict=True):
        yield RecordRow._make((row, *values[8:], scores.get(row.id, [])))
