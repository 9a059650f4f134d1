"""Rows as a Parquet file, a row group at a time.

Imported when the first one is asked for: pyarrow takes 50 MiB and a fifth of a second.
"""

import io
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from itertools import accumulate, chain
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
import pyarrow as pa
from msgspec.structs import fields
from pyarrow import parquet as pq

from datasets.formats.rows import Columns, Render
from datasets.formats.schema import Json, Kind, Schema

BATCH_ROWS = 1_000  # turned into columns at a time
BATCH_CHARS = 2 * 1024**2
GROUP_ROWS = 10_000
GROUP_BYTES = 16 * 1024**2  # in memory; at most a batch more

SCALARS = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", tz="UTC"),
    Json: pa.json_(),  # text, and known as what it is: Hugging Face's library reads it
}
FEW_VALUES = {"trace_version", "source", "split", "final_answer", "status", "type", "role"}

_encode = msgspec.json.Encoder().encode


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
    columns = pa.schema([(name, arrow_type(kind)) for name, kind in schema.items()])
    batches = (_batch(list(render(part)), columns) for part in _bounded(rows))
    paths = (path for column in columns for path in _paths(column.name, column.type))
    first = next(batches, None)
    sink = Sink()
    writer = pq.ParquetWriter(
        sink,
        columns.with_metadata(about),
        compression="zstd",
        use_dictionary=[path for path in paths if path.rpartition(".")[2] in FEW_VALUES],
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
    if issubclass(kind, msgspec.Struct):
        return pa.struct([(part.name, arrow_type(part.type)) for part in fields(kind)])
    return SCALARS[kind]


def _paths(path: str, kind: Any) -> Iterator[str]:
    """Yield the names of the columns that the file has for one of ours."""
    if pa.types.is_list(kind):
        yield from _paths(f"{path}.list.element", kind.value_type)
    elif pa.types.is_struct(kind):
        for part in kind:
            yield from _paths(f"{path}.{part.name}", part.type)
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
    """Turn rows into a record batch."""
    arrays = [_array(list(map(itemgetter(one.name), rows)), one.type) for one in schema]
    return pa.record_batch(arrays, schema=schema)


def _array(values: list[Any], kind: Any) -> Any:
    """Turn values into an array; lists and objects by their parts, several times faster."""
    if pa.types.is_list(kind):
        offsets = pa.array(accumulate(map(len, values), initial=0), type=pa.int32())
        items = list(chain.from_iterable(values))
        return pa.ListArray.from_arrays(offsets, _array(items, kind.value_type))
    if pa.types.is_struct(kind):
        parts = [_array(list(map(attrgetter(part.name), values)), part.type) for part in kind]
        return pa.StructArray.from_arrays(parts, fields=list(kind))
    if isinstance(kind, pa.JsonType):
        values = [_encode(value).decode() for value in values]
    return pa.array(values, type=kind)
