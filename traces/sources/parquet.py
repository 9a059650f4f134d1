"""Parquet, read in batches of rows.

pyarrow is imported where the first such file is read: it costs a process 60 MB.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import msgspec

from traces.sources.lines import too_long
from traces.sources.source import CHUNK_BYTES, BadRecord, BrokenSource, Chunk, Record
from traces.sources.tables import repeated
from tunix_site import strict_json
from tunix_site.errors import TooLarge, Unavailable

BATCH_ROWS = 500
READ_BYTES = 256 * 1024  # of a column at a time
# what the file says of itself: a row group has an entry for each column
MAX_METADATA_ITEMS = 100_000
MAX_METADATA_BYTES = 16 * 1024 * 1024
MAX_REASON_CHARS = 200

_encode = msgspec.json.Encoder(enc_hook=lambda refused: refused.reason).encode


@contextmanager
def spooled(pieces: Iterable[bytes], max_bytes: int | None) -> Iterator[IO[bytes]]:
    """Write a stream into a file without a name, to be read from any place; TooLarge."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, where it is read
    except OSError as error:
        raise _unavailable(error) from None
    with file:
        size = 0
        for piece in pieces:
            size += len(piece)
            if max_bytes is not None and size > max_bytes:
                raise TooLarge(max_bytes)
            try:
                file.write(piece)
            except OSError as error:
                raise _unavailable(error) from None
        file.seek(0)
        yield file


def _unavailable(error: OSError) -> Unavailable:
    return Unavailable(f"The file cannot be kept to be read: {error.strerror}.")


def read_parquet(file: IO[bytes], *, max_record_bytes: int) -> Iterator[tuple[Chunk, float]]:
    """Give the rows in chunks, each with the share of all rows that has come with it.

    Memory is that of a page (pyarrow unpacks one at a time, of 2 GiB at most) and of a batch in
    which every row has its own copy of a text that the file holds once.

    A column that is null in a row is absent from it. BrokenSource where the file is broken.
    """
    import pyarrow as pa

    from traces.sources.arrow_values import UnreadableType

    given = 0
    try:
        parquet = _opened(file)
        total = parquet.metadata.num_rows
        for batch in parquet.iter_batches(_rows_at_once(parquet.metadata), use_threads=False):
            chunk = _chunk(batch, given + 1, max_record_bytes)
            given += len(chunk)
            yield chunk, given / max(total, given)
            pa.default_memory_pool().release_unused()  # or it keeps what the whole file took
    except (
        *(pa.ArrowException, UnreadableType),
        *(OSError, MemoryError, ValueError, OverflowError, RecursionError),
    ) as error:
        reason = strict_json.shown(str(error).partition("\n")[0])[:MAX_REASON_CHARS]
        raise BrokenSource(f"The Parquet file cannot be read on: {reason}.") from None


def _opened(file: IO[bytes]) -> Any:
    from pyarrow import parquet

    opened = parquet.ParquetFile(
        file,
        pre_buffer=False,  # by default it reads a row group whole
        buffer_size=READ_BYTES,
        thrift_string_size_limit=MAX_METADATA_BYTES,
        thrift_container_size_limit=MAX_METADATA_ITEMS,
    )
    names = opened.schema_arrow.names
    if not names:
        raise BrokenSource("The Parquet file has no columns.")
    if twice := repeated(names):
        raise BrokenSource(f"The Parquet file names the column {twice} twice.")
    return opened


def _rows_at_once(metadata: Any) -> int:
    """Give how many rows are about a chunk's bytes, as far as the file tells."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    total_bytes = sum(max(0, group.total_byte_size) for group in groups)
    fitting: int = CHUNK_BYTES * max(1, metadata.num_rows) // max(1, total_bytes)
    return min(BATCH_ROWS, max(1, fitting))


def _chunk(batch: Any, first: int, max_record_bytes: int) -> Chunk:
    from traces.sources.arrow_values import values

    names: list[str] = batch.schema.names
    columns = [values(column) for column in batch.columns]
    chunk: Chunk = [
        Record(number, None, _without_nulls(names, row))
        for number, row in enumerate(zip(*columns, strict=True), start=first)
    ]
    if batch.nbytes <= max_record_bytes:
        return chunk
    return [_bounded(record, max_record_bytes) for record in chunk]


def _without_nulls(names: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: value for name, value in zip(names, row, strict=True) if value is not None}


def _bounded(record: Record | BadRecord, limit: int) -> Record | BadRecord:
    if isinstance(record, Record) and len(_encode(record.value)) > limit:
        return BadRecord(record.line, "", too_long("row", limit))
    return record
