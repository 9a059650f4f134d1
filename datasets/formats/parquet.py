"""Rows as a Parquet file, a row group at a time.

Imported when the first one is asked for: pyarrow takes 50 MiB and a fifth of a second.
"""

import io
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any

import pyarrow as pa
from pyarrow import parquet as pq

from datasets.formats.containers import Render
from datasets.formats.rows import Columns
from datasets.formats.schema import Kind, Schema

BATCH_ROWS = 1_000  # turned into columns at a time
BATCH_CHARS = 2 * 1024**2
GROUP_ROWS = 10_000
GROUP_BYTES = 16 * 1024**2  # in memory; at most a batch more

SCALARS = {str: pa.string(), int: pa.int64(), datetime: pa.timestamp("us", tz="UTC")}
FEW_VALUES = {"trace_version", "source", "split", "final_answer", "status", "type"}


class Sink(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.written.append(bytes(data))
        return len(data)

    def take(self) -> list[bytes]:
        taken, self.written = self.written, []
        return taken


def pieces(
    rows: Iterable[Columns], render: Render, schema: Schema, about: dict[str, str]
) -> Generator[bytes]:
    """Yield a file of what rows are rendered as: of times, microseconds.

    Nothing comes before the first rows are there, and no end where they break off.
    """
    fields = pa.schema([(name, arrow_type(kind)) for name, kind in schema.items()])
    batches = (_batch(list(map(render, part)), fields) for part in _bounded(rows))
    first = next(batches, None)
    sink = Sink()
    writer = pq.ParquetWriter(
        sink,
        fields.with_metadata(about),
        compression="zstd",
        use_dictionary=[path for path in _paths(schema) if path.split(".")[-1] in FEW_VALUES],
    )
    yield from sink.take()
    for group in _groups(batches if first is None else chain([first], batches)):
        writer.write_table(pa.Table.from_batches(group), row_group_size=GROUP_ROWS)
        del group
        pa.default_memory_pool().release_unused()  # which the allocator would keep
        yield from sink.take()
    writer.close()
    yield from sink.take()


def arrow_type(kind: Kind) -> Any:
    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([(name, arrow_type(inner)) for name, inner in kind.items()])
    return SCALARS[kind]


def _paths(kind: Kind, path: str = "") -> Iterator[str]:
    """Yield the names of the columns that the file holds, as Parquet has them."""
    if isinstance(kind, list):
        yield from _paths(kind[0], f"{path}.list.element")
    elif isinstance(kind, dict):
        for name, inner in kind.items():
            yield from _paths(inner, f"{path}.{name}" if path else name)
    else:
        yield path


def _bounded(rows: Iterable[Columns]) -> Iterator[list[Columns]]:
    """Part rows, so that neither many nor large ones are held at once."""
    batch: list[Columns] = []
    chars = 0
    for row in rows:
        batch.append(row)
        chars += sum(map(len, filter(None, row)))
        if len(batch) == BATCH_ROWS or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _groups(batches: Iterable[Any]) -> Iterator[list[Any]]:
    """Gather record batches to row groups."""
    group: list[Any] = []
    rows = size = 0
    for batch in batches:
        if group and rows + batch.num_rows > GROUP_ROWS:
            yield group
            group, rows, size = [], 0, 0
        group.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if size >= GROUP_BYTES:
            yield group
            group, rows, size = [], 0, 0
    if group:
        yield group


def _batch(rows: list[dict[str, Any]], schema: Any) -> Any:
    """Turn objects into a record batch."""
    return pa.record_batch(_by_name(rows, schema), schema=schema)


def _by_name(objects: list[dict[str, Any]], fields: Any) -> list[Any]:
    """Turn what objects hold under each name into an array."""
    return [_array(list(map(itemgetter(one.name), objects)), one.type) for one in fields]


def _array(values: list[Any], kind: Any) -> Any:
    """Turn values into an array; lists and objects by their parts, several times faster."""
    if pa.types.is_list(kind):
        offsets = pa.array(accumulate(map(len, values), initial=0), type=pa.int32())
        items = list(chain.from_iterable(values))
        return pa.ListArray.from_arrays(offsets, _array(items, kind.value_type))
    if pa.types.is_struct(kind):
        return pa.StructArray.from_arrays(_by_name(values, kind), fields=list(kind))
    return pa.array(values, type=kind)
