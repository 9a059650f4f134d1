"""Reading Parquet in a process of its own, which tells its rows on standard output.

    python -m traces.sources.parquet.rows DESCRIPTOR MAX_RECORD_BYTES

A small file may ask for any amount of memory and time (a page of 2 GiB, a list of a billion), and
what reads it may fall over it: so this process has a bound of both, and what it takes is its own.
It imports neither Django nor anything that needs its settings.

Each frame is its length in four bytes and then MessagePack: `[rows, share, columns]`, the share of
all rows that has come with it, a row null where it is too long; at the end `[null, reason, []]`
where the file cannot be read on.
"""

import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
import pyarrow as pa
from pyarrow import parquet

from traces.sources import marks
from traces.sources.parquet.values import UnreadableType, values
from tunix_site import strict_json

BATCH_ROWS = 500
LOOKED_AT = 8  # rows, to tell what the others may hold
CHUNK_BYTES = 4 * 1024 * 1024  # of rows, in a frame
READ_BYTES = 256 * 1024  # of a column at a time
# what the file says of itself: a row group has an entry for each column
MAX_METADATA_ITEMS = 100_000
MAX_METADATA_BYTES = 16 * 1024 * 1024
MAX_REASON_CHARS = 200
MEMORY_BYTES = 512 * 1024 * 1024  # beside the program: some writers make pages of 100 MB
BATCH_SECONDS = 30  # of processor time
MOST_PER_CHAR = 6  # bytes of JSON: \u0001

Row = dict[str, Any] | None
Rows = tuple[list[Row], float, list[str]]

_json = msgspec.json.Encoder(enc_hook=lambda refused: refused.reason).encode
_frame = msgspec.msgpack.Encoder(enc_hook=marks.packed).encode


class Unreadable(Exception):
    """The file cannot be read on; says why."""


def main() -> None:
    descriptor, max_record_bytes = map(int, sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this ends it
    signal.setitimer(signal.ITIMER_PROF, BATCH_SECONDS)  # its signal ends this process
    _bound_memory()
    out = sys.stdout.buffer
    with os.fdopen(descriptor, "rb") as file:
        try:
            for rows in read_rows(file, max_record_bytes):
                _tell(out, rows)
                signal.setitimer(signal.ITIMER_PROF, BATCH_SECONDS)
        except Unreadable as error:
            _tell(out, (None, str(error), []))


def _bound_memory() -> None:
    if sys.platform != "linux":
        return
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + MEMORY_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold rows


def _tell(out: IO[bytes], told: Any) -> None:
    frame = _frame(told)
    out.write(len(frame).to_bytes(4, "big") + frame)
    out.flush()


def read_rows(file: IO[bytes], max_record_bytes: int) -> Iterator[Rows]:
    """Give rows of about CHUNK_BYTES at a time, with the share that has come and the columns.

    A column that is null in a row is absent from it. Unreadable where the file is broken, or takes
    more memory than there is.
    """
    given = 0
    try:
        opened = _opened(file)
        total, columns = opened.metadata.num_rows, opened.schema_arrow.names
        at_once = _rows_at_once(opened)
        for group in range(opened.num_row_groups):
            for rows in _group(opened, group, at_once, max_record_bytes):
                given += len(rows)
                yield rows, given / max(total, given), columns
    except MemoryError:
        raise Unreadable(
            f"a batch of its rows takes more than {MEMORY_BYTES // 1024**2} MiB of memory; "
            "write it with smaller pages"
        ) from None
    except (
        *(pa.ArrowException, UnreadableType),
        *(OSError, ValueError, OverflowError, RecursionError),
    ) as error:
        reason = strict_json.shown(str(error).partition("\n")[0])[:MAX_REASON_CHARS]
        raise Unreadable(reason or type(error).__name__) from None


def _opened(file: IO[bytes]) -> Any:
    opened = parquet.ParquetFile(
        file,
        pre_buffer=False,  # by default it reads a row group whole
        buffer_size=READ_BYTES,
        thrift_string_size_limit=MAX_METADATA_BYTES,
        thrift_container_size_limit=MAX_METADATA_ITEMS,
    )
    names = opened.schema_arrow.names
    if not names:
        raise Unreadable("it has no columns")
    if len(set(names)) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise Unreadable(f"it names the column {strict_json.shown(twice)} twice")
    return opened


def _rows_at_once(opened: Any) -> int:
    """Give how many rows are about a chunk's bytes, by the first of them and as the file tells.

    What it tells is not enough: a text that it holds once may be that of every row.
    """
    metadata = opened.metadata
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    told = sum(max(0, group.total_byte_size) for group in groups) / max(1, metadata.num_rows)
    first = next(opened.iter_batches(LOOKED_AT, use_threads=False), None)
    seen = first.nbytes / max(1, first.num_rows) if first is not None else 0
    return min(BATCH_ROWS, max(1, int(CHUNK_BYTES / max(1, told, seen))))


def _group(opened: Any, group: int, at_once: int, max_record_bytes: int) -> Iterator[list[Row]]:
    """Give a row group's rows; with fewer at once where some take more memory than there is."""
    given = 0
    while True:
        try:
            behind = given
            for batch in opened.iter_batches(at_once, row_groups=[group], use_threads=False):
                skipped = min(behind, batch.num_rows)
                behind -= skipped
                for rows in _chunks(batch.slice(skipped), max_record_bytes):
                    given += len(rows)
                    yield rows
                pa.default_memory_pool().release_unused()  # or it keeps what the group took
        except MemoryError:
            if at_once == 1:
                raise
            at_once = 1
        else:
            return


def _chunks(batch: Any, max_record_bytes: int) -> Iterator[list[Row]]:
    """Give a batch's rows in lists of about CHUNK_BYTES by what they hold: texts may be shared."""
    names: list[str] = batch.schema.names
    columns = [values(column) for column in batch.columns]
    rows: list[Row] = []
    size = 0
    for cells in zip(*columns, strict=True):
        row = {name: value for name, value in zip(names, cells, strict=True) if value is not None}
        row_size = json_size(row, max_record_bytes)
        rows.append(row if row_size <= max_record_bytes else None)
        size += min(row_size, max_record_bytes)
        if size >= CHUNK_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def json_size(row: dict[str, Any], most: int) -> int:
    """Give about how many bytes a row's JSON takes, or more than `most` where it is over that."""
    size = _least_size(row, most)
    if size > most or size * MOST_PER_CHAR <= most:
        return size
    return len(_json(row))


def _least_size(row: dict[str, Any], most: int) -> int:
    """Count characters, up to `most`, since a list may hold one text a million times."""
    size = 0
    left: list[Any] = [row]
    while left and size <= most:
        value = left.pop()
        if isinstance(value, str):
            size += len(value) + 2
        elif isinstance(value, list):
            size += 2 * len(value) + 2
            left += value if size <= most else ()
        elif isinstance(value, dict):
            size += sum(map(len, value)) + 4 * len(value) + 2
            left += value.values() if size <= most else ()
        else:
            size += 1
    return size


if __name__ == "__main__":
    main()
