"""Reading a dataset in order, in pieces of bounded size.

One COPY gives all rows: the database works ahead while Python renders, nothing is held but a
piece, and what is deleted meanwhile still arrives, as one statement sees one state.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

import msgspec
from django.db import connection, transaction
from rest_framework.exceptions import NotFound

from datasets.models import Dataset
from tunix_site.api.pieces import in_pieces
from tunix_site.database.copy_out import copy_out

# Nested loops along the index of positions give the first row at once; sorting and hashing all
# rows would be somewhat faster to the last one. A compiled plan starts late.
FIRST_ROW_FAST = """
    SELECT set_config(name, 'off', true)
    FROM unnest('{enable_sort,enable_hashjoin,enable_mergejoin,jit}'::text[]) AS name
"""
UNCOMPILED = "SELECT set_config('jit', 'off', true)"


class DatasetCutShort(NotFound):
    """404: the dataset was deleted before it was read. Later, what was sent is not all of it."""


def trace_id_pieces(dataset: Dataset) -> Generator[bytes]:
    """Yield the ids of a dataset's traces in order, as the items of a JSON array."""
    query = "SELECT trace_id FROM datasets_datasetitem WHERE dataset_id = %s ORDER BY position"
    with closing(copied(query, [dataset.pk], dataset.trace_count)) as rows:
        yield from in_pieces(
            f'{"," if number else ""}"{row[0]}"'.encode() for number, row in enumerate(rows)
        )


def manifest_pieces(fields: dict[str, Any], trace_ids: Iterator[bytes]) -> Generator[bytes]:
    """Render what a manifest holds around its trace ids, and stream those between."""
    names = list(fields)
    middle = names.index("trace_count")
    head = {name: fields[name] for name in names[:middle]}
    tail = {name: fields[name] for name in names[middle:]}
    yield msgspec.json.encode(head)[:-1] + b',"trace_ids":['
    yield from trace_ids
    yield b"]," + msgspec.json.encode(tail)[1:]


def copied(
    query: str, parameters: list[Any], expected: int | None = None, *, indexed: bool = True
) -> Generator[tuple[Any, ...]]:
    """Yield rows as text; those that come along an index, the first of them at once.

    DatasetCutShort at the end where some of those expected are missing: the connection breaks, so
    that nobody takes the part for the whole.
    """
    count = 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FIRST_ROW_FAST if indexed else UNCOMPILED)
        with copy_out(query, parameters) as copy:
            for row in copy.rows():
                count += 1
                yield row
    if expected is not None and count != expected:
        raise DatasetCutShort(f"Dataset not found: deleted, {count} of {expected} rows are there.")
