"""Streams of bytes in pieces of bounded size, and what is answered with them."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from rest_framework import status

FIRST_BYTES = 8 * 1024  # so that the first byte does not wait for a large piece
PIECE_BYTES = 128 * 1024
OTHER_ETAG = status.HTTP_412_PRECONDITION_FAILED


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


def to_be_saved(name: str) -> str:
    """Give the Content-Disposition of a file of that name."""
    return str(content_disposition_header(as_attachment=True, filename=name))


def unless_known(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Give 304 or 412 in place of a response whose ETag the client knows, or insists on."""
    etag = response["ETag"]
    conditional = get_conditional_response(
        request, etag=etag, response=cast(HttpResponse, response)
    )
    if conditional is not None and conditional.status_code == OTHER_ETAG:
        said = f"It is {etag}, and not what `If-Match` names."
        return JsonResponse({"detail": said}, status=OTHER_ETAG, headers={"ETag": etag})
    return cast(HttpResponseBase, conditional)
