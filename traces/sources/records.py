"""Records from a stream of any length, in constant memory.

JSON Lines, a JSON array, objects over several lines or records under a key, CSV or Parquet, in
UTF-8 or UTF-16, plain or in gzip or zstd: told apart by what they begin with.

    source = Source(stream)  # a file, stdin, or anything that gives bytes; progress is read_bytes
    for chunk in read_records(source, max_record_bytes=2**24, content_encoding="gzip"):
        for record in chunk:  # at most 2,000, in the source's order
            if isinstance(record, BadRecord): ...  # .line, .field, .message; the rest goes on
            record.line, record.raw, record.value  # raw of JSON Lines, value of the others

A body of HTTP is `Source(counted(stream, length))` (`tunix_site.api.parsers`). What ends the
reading is a BrokenSource (400) that says after how many records, once the records before it were
given; UnsupportedEncoding (415), TooLarge (413) and Unavailable (503) come before the first.
"""

import re
from collections.abc import Callable, Iterator
from io import SEEK_END
from itertools import chain
from typing import IO, Any

from rest_framework.exceptions import APIException

from traces.sources.arrays import read_array
from traces.sources.compression import decompressed, peek
from traces.sources.encodings import in_utf8
from traces.sources.lines import read_lines
from traces.sources.objects import Layout, layout_of, read_objects, read_under_key
from traces.sources.parquet.reading import read_parquet, spooled
from traces.sources.source import (
    BLOCK_BYTES,
    RECORD_BYTES,
    BadRecord,
    BrokenSource,
    Chunk,
    Record,
    Source,
    blocks,
)
from traces.sources.tables import RECODE, delimiter_of, read_csv
from traces.sources.unexpected import Unexpected

__all__ = ["BadRecord", "BrokenSource", "Chunk", "Record", "Source", "read_records"]

_separator = re.compile(rb"sep=([,;\t])\r?\n", re.IGNORECASE).match  # Excel's first line
# a name alone, and under it a cell of JSON in quotation marks
_is_one_column = re.compile(rb'("?)[A-Za-z_][\w .-]{0,99}\1\r?\n"\s{0,99}[\[{]').match
_object_begins = re.compile(rb'\{\s*"').match

PARQUET_MAGIC = b"PAR1"
ZIP_MAGIC = b"PK\x03\x04"
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
UTF8_BOM = b"\xef\xbb\xbf"
MAX_HEADER_BYTES = 64 * 1024  # in which the first lines are looked for


def read_records(
    source: Source,
    *,
    max_record_bytes: int,
    content_encoding: str = "",
    max_spool_bytes: int | None = None,
    is_record: Callable[[dict[str, Any]], bool] = lambda value: False,
) -> Iterator[Chunk]:
    """Give the source's records in chunks.

    A Parquet file that cannot be read from any place is first written to a temporary file, of
    `max_spool_bytes` at most where they are given. `is_record` is asked of a file that holds one
    object, in which a list of records may stand: is it not a record itself?
    """
    given = 0
    try:
        pieces = decompressed(source, content_encoding)
        for chunk in _chunks(source, pieces, max_record_bytes, max_spool_bytes, is_record):
            given += len(chunk)
            yield chunk
    except BrokenSource as error:
        raise BrokenSource(f"{error.reason} {_came_before(given)}") from None
    except APIException:
        raise
    except Exception as error:
        kind = Unexpected().note(error, f"the container after {given:,} records")
        reason = f"The source cannot be read on: {kind}, an error of the program."
        raise BrokenSource(f"{reason} {_came_before(given)}") from error


def _came_before(count: int) -> str:
    return f"{count:,} record{' was' if count == 1 else 's were'} read before it."


def _chunks(
    source: Source,
    pieces: Iterator[bytes],
    max_record_bytes: int,
    max_spool_bytes: int | None,
    is_record: Callable[[dict[str, Any]], bool],
) -> Iterator[Chunk]:
    head, pieces = peek(pieces, TAR_MAGIC_AT + len(TAR_MAGIC))
    _refuse_archive(head)
    if head.startswith(PARQUET_MAGIC):
        return _parquet(source, pieces, max_record_bytes, max_spool_bytes)
    line, head, stream = _begun(blocks(in_utf8(head, pieces)))
    if not head:
        return iter(())
    if head.startswith(b"["):
        return _counted(source, read_array(stream, max_record_bytes=max_record_bytes))
    if head.startswith(b"{"):
        layout = layout_of(head[:BLOCK_BYTES], is_record)
        if layout is not Layout.LINES:
            read = read_objects if layout is Layout.OBJECTS else read_under_key
            return _counted(source, read(stream, max_record_bytes=max_record_bytes))
    stream = _lines_counted(source, stream)
    if _is_json_lines(head):
        return read_lines(stream, max_record_bytes=max_record_bytes, first_line=line)
    if told := _separator(head):
        stream = chain([next(stream)[told.end() :]], stream)
        line += 1
    delimiter = told[1].decode() if told else _delimiter(head)
    return read_csv(stream, max_record_bytes=max_record_bytes, delimiter=delimiter, first_line=line)


def _refuse_archive(head: bytes) -> None:
    """Tell what holds files of its own, and how to send one of them."""
    if head.startswith(ZIP_MAGIC):
        kind, unpack = "zip", "unzip -p FILE NAME"
    elif head.startswith(TAR_MAGIC, TAR_MAGIC_AT) and b"\0" in head:  # in text there is none
        kind, unpack = "tar", "tar -xOf FILE NAME"
    else:
        return
    raise BrokenSource(
        f"This is a {kind} archive: send the files in it one by one, "
        f"`{unpack} | curl ... -X POST --upload-file -`."
    )


def _counted(source: Source, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    for chunk in chunks:
        source.unfold(len(chunk) * RECORD_BYTES)
        yield chunk


def _lines_counted(source: Source, stream: Iterator[bytes]) -> Iterator[bytes]:
    """Count each line, also a blank one."""
    for block in stream:
        source.unfold(block.count(b"\n") * RECORD_BYTES)
        yield block


def _parquet(
    source: Source, pieces: Iterator[bytes], max_record_bytes: int, max_spool_bytes: int | None
) -> Iterator[Chunk]:
    file = _itself(source)
    if file is None:
        with spooled(pieces, max_spool_bytes) as spool:
            for chunk, _, unfolded in read_parquet(spool, max_record_bytes=max_record_bytes):
                source.unfold(unfolded + len(chunk) * RECORD_BYTES)
                yield chunk
        return
    size = file.seek(0, SEEK_END)
    for chunk, share, unfolded in read_parquet(file, max_record_bytes=max_record_bytes):
        source.unfold(unfolded + len(chunk) * RECORD_BYTES, sent=size)
        source.read_bytes = int(size * share)
        yield chunk


def _itself(source: Source) -> IO[bytes] | None:
    """Give the source's file where it holds Parquet as it is and can be read from any place."""
    file = source.seekable_file()
    if file is None:
        return None
    position = file.tell()
    file.seek(0)
    if file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC:
        return file
    file.seek(position)
    return None


def _begun(stream: Iterator[bytes]) -> tuple[int, bytes, Iterator[bytes]]:
    """Skip the byte order mark and white space: give the line, its block and all blocks from it."""
    line = 1
    mark = UTF8_BOM
    for block in stream:
        block = block.removeprefix(mark)
        mark = b""
        begun = block.lstrip()
        line += block.count(b"\n", 0, len(block) - len(begun))
        if begun:
            return line, begun, chain([begun], stream)
    return line, b"", stream


def _is_json_lines(head: bytes) -> bool:
    """Tell JSON Lines by their first line, or by the second where the first is no record."""
    first, _, rest = head[:MAX_HEADER_BYTES].partition(b"\n")
    return first.startswith(b"{") or _object_begins(rest.lstrip()) is not None


def _delimiter(head: bytes) -> str:
    if _is_one_column(head):
        return ","
    header = head[:MAX_HEADER_BYTES].partition(b"\n")[0].rstrip()
    try:
        delimiter = delimiter_of(header.decode())
        how = ""
    except UnicodeDecodeError:
        delimiter, how = None, f" If it is text: {RECODE}."
    if delimiter is None:
        raise BrokenSource(
            "The source is neither JSON Lines nor a JSON array, CSV or Parquet, in UTF-8 or, with "
            f"its byte order mark, UTF-16.{how}"
        )
    return delimiter
