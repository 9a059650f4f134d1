"""Parquet: its rows come from a process of its own (`parquet_rows`), whose memory is bounded."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import UnsupportedOperation
from pathlib import Path
from typing import IO, Any

import msgspec

from traces.sources import marks
from traces.sources.lines import too_long
from traces.sources.source import READ_BYTES, BadRecord, BrokenSource, Chunk, Record, Row
from tunix_site.errors import TooLarge, Unavailable

READER = "traces.sources.parquet.rows"
ROOT = Path(__file__).parents[3]
LENGTH_BYTES = 4
# nothing of ours: neither the key nor the address of the database
ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONDONTWRITEBYTECODE": "1"}

_decode = msgspec.msgpack.Decoder(ext_hook=marks.unpacked).decode


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


def read_parquet(file: IO[bytes], *, max_record_bytes: int) -> Iterator[tuple[Chunk, float, int]]:
    """Give the rows in chunks: with the share of all rows that has come, and the rows' bytes.

    A column that is null in a row is absent from it. BrokenSource where the file is broken.
    """
    with _with_descriptor(file) as real, _reader(real, max_record_bytes) as process:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        given = 0
        while frame := _frame(process.stdout):
            rows, share_or_reason, columns = _decode(frame)
            if rows is None:
                raise _broken(share_or_reason)
            lines = enumerate(rows, start=given + 1)
            given += len(rows)
            chunk = [_record(line, row, columns, max_record_bytes) for line, row in lines]
            yield chunk, share_or_reason, len(frame)
        if ended := process.wait():
            raise _broken(_why(ended))


def _record(
    line: int, row: dict[str, Any] | None, columns: list[str], max_bytes: int
) -> Record | BadRecord:
    if row is None:
        return BadRecord(line, "", too_long("row", max_bytes))
    return Record(line, None, Row(row, columns))


def _broken(reason: str) -> BrokenSource:
    return BrokenSource(f"The Parquet file cannot be read on: {reason}.")


def _why(ended: int) -> str:
    if ended == -signal.SIGPROF:
        return "a batch of its rows takes too long"
    return "what reads it broke off"


@contextmanager
def _with_descriptor(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give the file, or a copy of it where it is none of the system's."""
    try:
        file.fileno()
    except UnsupportedOperation:
        file.seek(0)
        with spooled(iter(lambda: file.read(READ_BYTES), b""), None) as copied:
            yield copied
    else:
        yield file


@contextmanager
def _reader(file: IO[bytes], max_record_bytes: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process that reads it; it ends with the block, and where nobody takes its rows."""
    descriptor = file.fileno()
    process = subprocess.Popen(
        [sys.executable, "-m", READER, str(descriptor), str(max_record_bytes)],
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it may quote the file
        cwd=ROOT,
        env=ENVIRONMENT,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _frame(stream: IO[bytes]) -> bytes:
    """Take the next frame; none at the end, also where that is in the middle of one."""
    length = stream.read(LENGTH_BYTES)
    size = int.from_bytes(length, "big")
    frame = stream.read(size)
    return frame if len(frame) == size else b""
