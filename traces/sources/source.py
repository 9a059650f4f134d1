"""What every container is read from and gives: a counted stream in, records out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, cast

import msgspec
from rest_framework.exceptions import ParseError

from tunix_site.errors import Invalid

READ_BYTES = 256 * 1024
BLOCK_BYTES = 1024 * 1024
CHUNK_RECORDS = 2_000
CHUNK_BYTES = 4 * 1024 * 1024
# What a source may unfold to, in work as well: who sends little has little done.
FREE_BYTES = 1024**3
BYTES_FOR_ONE = 1_000
# A record counts as so many beside its own: to refuse an empty one takes as long as to read these.
RECORD_BYTES = 4 * 1024


class BrokenSource(Invalid):
    """400: the source cannot be read on from some place; what came before it was given."""

    def __init__(self, reason: str) -> None:
        super().__init__({"detail": reason})
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class Row(dict[str, Any]):
    """A record of a table: a column that holds nothing in it is absent."""

    __slots__ = ("columns",)

    def __init__(self, values: Mapping[str, Any], columns: Sequence[str]) -> None:
        super().__init__(values)
        self.columns = columns


class Cells(Row):
    """A row of which every value is text: what of it is JSON is for the format to say."""

    __slots__ = ()


class Record(msgspec.Struct, gc=False):
    """A record as it stands in its container.

    `line` counts from 1: the line of a JSON Lines file, the line in which a CSV row begins, the
    item of a JSON array or a Parquet file. JSON Lines give `raw`, the line's bytes without the
    white space at its end, for the caller to parse; the others give `value`, in which Refused
    marks stand as `strict_json.loads` puts them: of Parquet a Row, of CSV its Cells.
    """

    line: int
    raw: bytes | None = None
    value: dict[str, Any] | None = None


class BadRecord(msgspec.Struct, gc=False):
    """A record that cannot be had; `field` is empty where it is the record as a whole."""

    line: int
    field: str
    message: str


Chunk = list[Record | BadRecord]


class Source:
    """The pieces of a stream, or of anything else that gives bytes, counted as they are read.

    `read_bytes` counts what was read of the stream as it came in, compressed where it is, so that
    a progress bar runs over the file's size.
    """

    def __init__(
        self, stream: IO[bytes] | Iterable[bytes], *, most_bytes: int | None = None
    ) -> None:
        self.most_bytes = most_bytes  # that it may unfold to, whatever was sent
        self.read_bytes = 0
        self.unfolded_bytes = 0
        self._file: IO[bytes] | None = None
        self._given: Iterable[bytes] = ()
        if hasattr(stream, "read"):
            self._file = cast(IO[bytes], stream)
        else:
            self._given = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._pieces():
                self.read_bytes += len(piece)
                yield piece
        except ParseError as error:  # of an HTTP body: see tunix_site.api.parsers.counted
            raise BrokenSource(str(error.detail)) from None
        except (OSError, ValueError) as error:  # also of a stream that was closed
            raise BrokenSource(f"The source broke off: {type(error).__name__}.") from None

    def _pieces(self) -> Iterator[bytes]:
        yield from self._given
        while self._file and (piece := self._file.read(READ_BYTES)):
            yield piece

    def unfold(self, size: int, *, sent: int = 0) -> None:
        """Count what the source unfolds to; BrokenSource where that is too much for what was sent.

        `sent` is the size of a file that is not read from its beginning to its end.
        """
        self.unfolded_bytes += size
        if self.most_bytes is not None and self.unfolded_bytes > self.most_bytes:
            raise BrokenSource(
                f"The source unfolds to more than {self.most_bytes:,} bytes, in work as well."
            )
        if self.unfolded_bytes > FREE_BYTES + BYTES_FOR_ONE * max(self.read_bytes, sent):
            raise BrokenSource(
                f"The source unfolds to more than {BYTES_FOR_ONE:,} times its bytes: send it in "
                "parts, or less compressed."
            )

    def seekable_file(self) -> IO[bytes] | None:
        """Give the stream itself where one can go back to its beginning."""
        if self._file is None or not self._file.seekable():
            return None
        # what is read from its middle is another file
        return self._file if self._file.tell() == self.read_bytes else None


def blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join pieces to blocks of about a MiB; what came before an error is given before it."""
    gathered: list[bytes] = []
    size = 0
    broken: Invalid | None = None
    try:
        for piece in pieces:
            gathered.append(piece)
            size += len(piece)
            if size >= BLOCK_BYTES:
                yield b"".join(gathered)
                gathered.clear()
                size = 0
    except BrokenSource as error:
        broken = error
    if size:
        yield b"".join(gathered)
    if broken:
        raise broken


def chunks(items: Iterable[tuple[Record | BadRecord, int]]) -> Iterator[Chunk]:
    """Gather records, each with its bytes; those that came before an error are given before it."""
    chunk: Chunk = []
    size = 0
    broken: Invalid | None = None
    try:
        for record, record_bytes in items:
            chunk.append(record)
            size += record_bytes
            if len(chunk) == CHUNK_RECORDS or size >= CHUNK_BYTES:
                yield chunk
                chunk = []
                size = 0
    except BrokenSource as error:
        broken = error
    if chunk:
        yield chunk
    if broken:
        raise broken
