"""Parts of a file by byte: RFC 9110, section 14."""

import re

_ONE_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.IGNORECASE)


def part_of(header: str, size: int) -> range | None:
    """Give the bytes that a Range header asks for, none of them where there are none.

    None where it asks for several parts or cannot be read: the whole is the answer then.
    """
    asked = _ONE_RANGE.fullmatch(header.replace(" ", ""))
    if asked is None:
        return None
    first, last, suffix = asked.groups()
    if suffix is not None:
        return range(size - min(int(suffix), size), size)
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    return range(start, end)
