"""JSON Lines, split in large blocks."""

from collections.abc import Iterable, Iterator

from traces.sources.source import CHUNK_RECORDS, BadRecord, Chunk, Record


def read_lines(
    blocks: Iterable[bytes], *, max_record_bytes: int, first_line: int = 1
) -> Iterator[Chunk]:
    """Give each line that is not blank; a chunk is at most a block and a line."""
    number = first_line
    for lines in split_lines(blocks, max_record_bytes):
        if lines is None:
            yield [BadRecord(number, "", too_long("line", max_record_bytes))]
            number += 1
            continue
        for start in range(0, len(lines), CHUNK_RECORDS):
            if chunk := _chunk(lines[start : start + CHUNK_RECORDS], number + start):
                yield chunk
        number += len(lines)


def _chunk(lines: list[bytes], first: int) -> Chunk:
    lines = list(map(bytes.rstrip, lines))  # the same objects where there is nothing at the end
    records = map(Record, range(first, first + len(lines)), lines)
    if all(lines):
        return list(records)
    return [record for record in records if record.raw]


def too_long(what: str, limit: int) -> str:
    return f"The {what} is longer than {limit:,} bytes."


def split_lines(blocks: Iterable[bytes], limit: int) -> Iterator[list[bytes] | None]:
    """Give the lines of each block without their "\\n", in lists; None stands for one over `limit`.

    A line over the limit is not held. The last line needs no end.
    """
    begun: list[bytes] = []  # the parts of a line whose end has not come
    size = 0
    for block in blocks:
        *lines, rest = block.split(b"\n")
        if lines:
            size += len(lines[0])
            if size > limit:
                yield None
                del lines[0]
            else:
                lines[0] = b"".join([*begun, lines[0]])
            begun.clear()
            size = 0
            yield from _within(lines, limit) if len(block) > limit else [lines]
        size += len(rest)
        if size > limit:
            begun.clear()
        else:
            begun.append(rest)
    if size:
        yield None if size > limit else [b"".join(begun)]


def _within(lines: list[bytes], limit: int) -> Iterator[list[bytes] | None]:
    start = 0
    for position, line in enumerate(lines):
        if len(line) > limit:
            yield lines[start:position]
            yield None
            start = position + 1
    yield lines[start:]
