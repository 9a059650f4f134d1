"""Text in UTF-16, given on as UTF-8."""

import codecs
from collections.abc import Iterator

from traces.sources.source import BrokenSource

HEAD_BYTES = 4
UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)  # the first begins as UTF-16's does
MAX_NULS = 1  # in the head of text in UTF-8: none but that of a broken file
SEND = "send the file in UTF-8, or in UTF-16 with its byte order mark."


def in_utf8(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Give the pieces as they are, or in UTF-8 where a mark at the head says UTF-16.

    BrokenSource where it is UTF-32, or UTF-16 without its mark. What is no character becomes bytes
    that are no UTF-8, so that it spoils its own line alone.
    """
    if head.startswith(UTF_32):
        raise BrokenSource(f"The text is UTF-32: {SEND}")
    for mark, encoding in UTF_16.items():
        if head.startswith(mark):
            return _recoded(pieces, encoding, len(mark))
    if head[:HEAD_BYTES].count(0) > MAX_NULS:
        raise BrokenSource(f"The text looks like UTF-16 or UTF-32 without its mark: {SEND}")
    return pieces


def _recoded(pieces: Iterator[bytes], encoding: str, mark_bytes: int) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    left = mark_bytes
    for piece in pieces:
        text = decoder.decode(piece[left:])
        left = max(0, left - len(piece))
        if text:
            yield text.encode("utf-8", "surrogatepass")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BrokenSource("The text ends within a character.") from None
