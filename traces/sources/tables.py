"""CSV, read row by row."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import chain

from traces.sources.lines import split_lines
from traces.sources.source import BadRecord, BrokenSource, Cells, Chunk, Record, chunks
from tunix_site import strict_json

MAX_COLUMNS = 100_000
RECODE = "`iconv -f WINDOWS-1252 -t UTF-8 FILE` makes it of many others"
DELIMITERS = (",", ";", "\t")  # in this order where two are in the header as often

_quoted = re.compile(r'"[^"]*"?')


def delimiter_of(header: str) -> str | None:
    """Give the delimiter of a header line, or None where it is none of a CSV file."""
    if not header.replace("\t", "").isprintable():
        return None
    bare = _quoted.sub("", header)
    most = max(DELIMITERS, key=bare.count)
    return most if most in bare else None


def read_csv(
    blocks: Iterable[bytes], *, max_record_bytes: int, delimiter: str, first_line: int = 1
) -> Iterator[Chunk]:
    """Give each row as its cells by column; BrokenSource where the header cannot be used.

    Every cell is text; an empty one is absent.
    """
    # This limit is the module's, for the whole process: it cannot be given to one reader, and who
    # set it back would set it back for the others that read. Rows are bounded by their lines.
    csv.field_size_limit(sys.maxsize)
    return chunks(_rows(_RowLines(blocks, max_record_bytes, first_line), delimiter))


class _BadRow(Exception):
    """A row that cannot be had."""


class _RowLines:
    """Lines as csv.reader asks for them; unlike a generator it goes on after an error."""

    def __init__(self, blocks: Iterable[bytes], limit: int, first_line: int) -> None:
        self._lines = chain.from_iterable(
            [None] if lines is None else lines for lines in split_lines(blocks, limit)
        )
        self._limit = limit
        self.next_line = first_line
        self.row_bytes = 0
        self._quotes = 0  # of the row so far

    def begin_row(self) -> int:
        self.row_bytes = self._quotes = 0
        return self.next_line

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.next_line += 1
        if line is not None:
            self.row_bytes += len(line)
            self._quotes += line.count(b'"')
        if line is None or self.row_bytes > self._limit:
            raise _BadRow(f"it is longer than {self._limit:,} bytes; is a quote left open?")
        try:
            return line.decode() + "\n"
        except UnicodeDecodeError as error:
            raise _BadRow(
                f"it is not UTF-8 at byte {error.start + 1:,} of its line; {RECODE}"
            ) from None

    def skip_row(self) -> None:
        """Go to the end of a row that was given up: to where its quotes are closed."""
        if self._quotes % 2 == 0:
            return
        for line in self._lines:
            self.next_line += 1
            if line and line.count(b'"') % 2:
                return


def _rows(lines: _RowLines, delimiter: str) -> Iterator[tuple[Record | BadRecord, int]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    while True:
        first = lines.begin_row()
        try:
            row = next(reader)
        except StopIteration:
            return
        except (csv.Error, _BadRow) as error:
            if columns is None:
                raise BrokenSource(f"The CSV header cannot be read: {error}.") from None
            lines.skip_row()
            yield BadRecord(first, "", f"The row cannot be read: {error}."), 0
            continue
        if columns is None:
            columns = _columns(row)
        elif len(row) > 1 or (row and row[0].strip()):  # a line of white space is no row
            yield _record(first, columns, row), lines.row_bytes


def _columns(header: list[str]) -> list[str]:
    if len(header) > MAX_COLUMNS:
        raise BrokenSource(f"The CSV header names more than {MAX_COLUMNS:,} columns.")
    columns = [
        name.strip() or f"column_{position}"  # of the row numbers that some tools write
        for position, name in enumerate(header, start=1)
    ]
    if twice := repeated(columns):
        raise BrokenSource(f"The CSV header names the column {twice} twice.")
    return columns


def repeated(names: Iterable[str]) -> str | None:
    """Give the first name that occurs again, as it may be shown."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return strict_json.shown(name)
        seen.add(name)
    return None


def _record(line: int, columns: list[str], row: list[str]) -> Record | BadRecord:
    if len(row) != len(columns):
        return BadRecord(line, "", f"The row has {len(row):,} cells, the header {len(columns):,}.")
    cells = {name: cell for name, cell in zip(columns, row, strict=True) if cell}
    return Record(line, None, Cells(cells, columns))
