"""Reading a dataset in order, in pieces of bounded size.

One COPY gives all rows: the database works ahead while Python renders, nothing is held but a
piece, and what is deleted meanwhile still arrives, as one statement sees one state.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any

from django.db import connection, transaction
from rest_framework.exceptions import NotFound

from datasets.exports import Format
from datasets.models import Dataset
from tunix_site.copy_out import copy_out

FIRST_BYTES = 8 * 1024  # so that the first byte does not wait for a large piece
PIECE_BYTES = 128 * 1024

# Nested loops along the index of positions give the first row at once; sorting and hashing all
# rows would be somewhat faster to the last one. A compiled plan starts late.
FIRST_ROW_FAST = """
    SELECT set_config(name, 'off', true)
    FROM unnest('{enable_sort,enable_hashjoin,enable_mergejoin,jit}'::text[]) AS name
"""
TIMESTAMP = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
SCORES = f"""(
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'criteria', criteria, 'scorer_version', scorer_version, 'value', value,
        'details', details, 'created_at', {TIMESTAMP.format("score.created_at")}
    ) ORDER BY criteria, scorer_version), '[]')
    FROM traces_score AS score WHERE score.trace_id = trace.id
)"""  # noqa: S608
COLUMNS = {
    "build_id": "dataset.build_id",
    "id": "trace.id",
    "created_at": TIMESTAMP.format("trace.created_at"),
    "trace_version": "trace.trace_version",
    "prompt": "trace.prompt",
    "final_answer": "trace.final_answer",
    "steps": "trace.steps",
    "meta": "trace.meta",
    "external_id": "trace.external_id",
    "tags": "trace.tags",
    "messages": "trace.messages",
    "status": "trace.status",
    "scores": SCORES,
    "split": "item.split",
}


class DatasetCutShort(NotFound):
    """404: the dataset was deleted before it was read. Later, what was sent is not all of it."""


def export_pieces(dataset: Dataset, fmt: Format, split: str | None) -> Iterator[bytes]:
    """Yield the export in pieces of many lines."""
    columns = ", ".join(COLUMNS[name] for name in fmt.row._fields)
    in_split, chosen = ("", []) if split is None else ("AND item.split = %s", [split])
    query = f"""
        SELECT {columns}
        FROM datasets_datasetitem AS item
        JOIN datasets_dataset AS dataset ON dataset.id = item.dataset_id
        JOIN traces_trace AS trace ON trace.id = item.trace_id
        WHERE item.dataset_id = %s {in_split}
        ORDER BY item.position
    """  # noqa: S608
    with closing(_copied(query, [dataset.pk, *chosen], row_count(dataset, split))) as rows:
        yield from in_pieces(map(fmt.line, rows))


def trace_id_pieces(dataset: Dataset) -> Iterator[bytes]:
    """Yield the ids of a dataset's traces in order, as the items of a JSON array."""
    query = "SELECT trace_id FROM datasets_datasetitem WHERE dataset_id = %s ORDER BY position"
    with closing(_copied(query, [dataset.pk], dataset.trace_count)) as rows:
        yield from in_pieces(
            f'{"," if number else ""}"{row[0]}"'.encode() for number, row in enumerate(rows)
        )


def row_count(dataset: Dataset, split: str | None) -> int:
    if split is None:
        return dataset.trace_count
    count: int = dataset.stats["split_counts"][split]
    return count


def _copied(query: str, parameters: list[Any], expected: int) -> Generator[tuple[Any, ...]]:
    """Yield rows as text.

    DatasetCutShort at the end where some are missing: the connection breaks, so that nobody takes
    the part for the whole.
    """
    count = 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FIRST_ROW_FAST)
        with copy_out(query, parameters) as copy:
            for row in copy.rows():
                count += 1
                yield row
    if count != expected:
        raise DatasetCutShort(f"The dataset was deleted: {count} of {expected} rows are there.")


def started(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first piece now: what goes wrong up to there can still be answered."""
    return _resumed(next(pieces, b""), pieces)


def _resumed(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def in_pieces(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Join short texts to pieces: a small one first, then larger ones."""
    piece, size = bytearray(), FIRST_BYTES
    for text in texts:
        piece += text
        if len(piece) >= size:
            yield bytes(piece)
            piece.clear()
            size = PIECE_BYTES
    if piece:
        yield bytes(piece)
