"""Streams of bytes in pieces of bounded size."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing

FIRST_BYTES = 8 * 1024  # so that the first byte does not wait for a large piece
PIECE_BYTES = 128 * 1024


def in_pieces(texts: Iterable[bytes]) -> Generator[bytes]:
    """Join short texts to pieces: a small one first, then larger ones."""
    piece, size = bytearray(), FIRST_BYTES
    for text in texts:
        piece += text
        if len(piece) >= size:
            yield bytes(piece)
            piece.clear()
            size = PIECE_BYTES
    if piece:
        yield bytes(piece)


def started(pieces: Generator[bytes]) -> Iterator[bytes]:
    """Read the first piece now: what goes wrong up to there can still be answered."""
    return _resumed(next(pieces, b""), pieces)


def _resumed(first: bytes, pieces: Generator[bytes]) -> Iterator[bytes]:
    with closing(pieces):
        yield first
        yield from pieces
