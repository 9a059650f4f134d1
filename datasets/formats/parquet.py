"""Rows as a Parquet file, a row group at a time.

Imported when the first one is asked for: pyarrow takes 50 MiB and a fifth of a second.
"""

import io
from collections.abc import Generator, Iterable, Iterator
from itertools import accumulate, chain
from typing import Any

import msgspec
import pyarrow as pa
from pyarrow import parquet as pq

from datasets.formats.rows import Columns

BATCH_ROWS = 1_000  # turned into columns at a time
BATCH_CHARS = 2 * 1024**2
GROUP_ROWS = 10_000
GROUP_BYTES = 16 * 1024**2  # in memory; at most a batch more

STEP = pa.struct([("i", pa.int64()), ("type", pa.string()), ("content", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("trace_version", pa.string()),
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("source", pa.string()),
        ("external_id", pa.string()),
        ("prompt", pa.string()),
        ("steps", pa.list_(STEP)),
        ("final_answer", pa.string()),
        ("split", pa.string()),
        ("metadata", pa.string()),
        ("messages", pa.string()),
        ("content_hash", pa.string()),
        ("prompt_hash", pa.string()),
    ]
)
FEW_VALUES = ["trace_version", "source", "split", "final_answer", "steps.list.element.type"]


class Step(msgspec.Struct):
    i: int
    type: str
    content: str


_steps = msgspec.json.Decoder(list[Step]).decode


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


def pieces(rows: Iterable[Columns], metadata: dict[str, str]) -> Generator[bytes]:
    """Yield a file of rows that are in the schema's order, as text: times in microseconds.

    Nothing comes before the first rows are there, and no end where they break off.
    """
    batches = map(_batch, _bounded(rows))
    first = next(batches, None)
    sink = Sink()
    writer = pq.ParquetWriter(
        sink, SCHEMA.with_metadata(metadata), compression="zstd", use_dictionary=FEW_VALUES
    )
    yield from sink.take()
    for group in _groups(batches if first is None else chain([first], batches)):
        writer.write_table(pa.Table.from_batches(group), row_group_size=GROUP_ROWS)
        del group
        pa.default_memory_pool().release_unused()  # which the allocator would keep
        yield from sink.take()
    writer.close()
    yield from sink.take()


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


def _batch(rows: list[Columns]) -> Any:
    """Turn rows into a record batch."""
    columns = zip(SCHEMA, zip(*rows, strict=True), strict=True)
    return pa.record_batch([_array(field, texts) for field, texts in columns], schema=SCHEMA)


def _array(field: Any, texts: tuple[Any, ...]) -> Any:
    if field.name == "steps":
        return _step_lists(list(map(_steps, texts)))
    if field.name == "created_at":
        return pa.array(list(map(int, texts)), type=field.type)
    return pa.array(texts, type=field.type)


def _step_lists(traces: list[list[Step]]) -> Any:
    offsets = pa.array(accumulate(map(len, traces), initial=0), type=pa.int32())
    steps = [step for trace in traces for step in trace]
    parts = [
        pa.array([getattr(step, part.name) for step in steps], type=part.type) for part in STEP
    ]
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(parts, fields=list(STEP)))
