"""Request bodies: read counted and capped whatever the headers say, then parsed strictly."""

import hashlib
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import IO, Any

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from tunix_site import strict_json
from tunix_site.api.idempotency import HEADER as IDEMPOTENCY_HEADER
from tunix_site.api.renderers import BYTES, NDJSON
from tunix_site.errors import TooLarge

CHUNK_BYTES = 64 * 1024
OUTPUT_BYTES = 1024 * 1024  # of one call to zlib
KEPT_IN_MEMORY = 1024 * 1024  # bytes of a body, before they go to the disk
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
FIELD_OF_FORM = re.compile(rb"[\w.+%\[\]-]{1,100}=")
SHOWN_JSON = 30  # characters at the place where a body is no JSON
NO_FORM = (
    "The body is a form; here the file itself is the body "
    "(curl --data-binary @FILE, or curl -X POST -T FILE)."
)


class UnsupportedEncoding(APIException):
    """415: a Content-Encoding that is not read."""

    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported_encoding"
    default_detail = "Content-Encoding must be gzip or absent."


class StrictJSONParser(BaseParser):
    """Parses strictly, or gives the bytes to a view that names its action among `raw_bodies`."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = parser_context or {}
        request, view = context["request"], context["view"]
        if media_type_charset(media_type) not in ("", "utf-8", "utf8"):
            raise UnsupportedEncoding("The body must be UTF-8.")
        body = read_body(stream, request.META, view.max_body_bytes)
        if IDEMPOTENCY_HEADER in request.headers:
            request.body_digest = hashlib.sha256(body).digest()
        return body if view.reads_bytes else parsed(body)


def parsed(body: bytes) -> Any:
    """Parse JSON strictly; ParseError where it is none."""
    try:
        return strict_json.loads(body)
    except strict_json.InvalidJSON as error:
        raise ParseError(f"{error}{_how(body, error)}") from None


def _how(body: bytes, error: strict_json.InvalidJSON) -> str:
    """Show what stands at the place, and what JSON looks like."""
    if not body.strip():
        return " It is empty."
    if error.at is None:
        return ""
    there = body.decode()[error.at :][:SHOWN_JSON]
    if error.is_followed:
        return (
            f" There it goes on after its value: {there!r}. Lines of JSON are a file for "
            "POST /api/traces/import."
        )
    stands = f"There stands {there!r}." if there else "There it ends."
    return f' {stands} JSON looks like {{"name": "text", "count": 2, "list": [true, null]}}.'


class StreamParser(BaseParser):
    """Gives the body as pieces that the view reads on as they come, of any length and type."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        kind = kind_of_media(media_type)
        if kind.startswith("multipart/"):
            raise ParseError(NO_FORM)
        headers = (parser_context or {})["request"].META
        length = None if is_chunked(headers) else int(headers["CONTENT_LENGTH"])
        pieces = counted(unbounded(stream, headers), length)
        return _without_form(pieces) if kind in FORMS else pieces


def _without_form(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pass on what comes as a form, as curl calls any file; ParseError where it begins like one."""
    first = next(pieces, b"")
    if FIELD_OF_FORM.match(first):
        raise ParseError(NO_FORM)
    return chain([first], pieces)


class LinesParser(StreamParser):
    """Gives a body of JSON Lines as a file, so that it can be gone through more than once.

    It is written down before anything is done: who sends slowly holds nothing but the file, which
    the view closes at the end.
    """

    media_type = NDJSON

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request = (parser_context or {})["request"]
        request.spooled = file = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115
        digest = hashlib.sha256()
        whole = unbounded(stream, request.META)
        for piece in _pieces(whole, request.META, settings.MAX_SPOOL_BYTES):
            file.write(piece)
            digest.update(piece)
        request.body_digest = digest.digest()
        return file


class BytesLinesParser(LinesParser):
    """Takes the same from clients that know files of any kind alone."""

    media_type = BYTES


def kind_of_media(media_type: str | None) -> str:
    """Give the type without its parameters, in lower case."""
    return (media_type or "").partition(";")[0].strip().lower()


def media_type_charset(media_type: str | None) -> str:
    _, _, parameters = (media_type or "").partition(";")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'").lower()
    return ""


def is_chunked(headers: dict[str, Any]) -> bool:
    return "HTTP_TRANSFER_ENCODING" in headers


def unbounded(stream: IO[bytes], headers: dict[str, Any]) -> IO[bytes]:
    """Give the stream to read a body of any length from: Django's own ends at a bound in chunks."""
    whole: IO[bytes] = headers["wsgi.input"] if is_chunked(headers) else stream
    return whole


def read_body(stream: IO[bytes], headers: dict[str, Any], limit: int) -> bytes:
    """Read the whole body, at most `limit` bytes of it decompressed.

    TooLarge past the limit, ParseError where it ends before its Content-Length or is broken.
    """
    body = bytearray()
    for piece in _pieces(stream, headers, limit):
        body += piece
    return bytes(body)


def _pieces(stream: IO[bytes], headers: dict[str, Any], limit: int) -> Iterator[bytes]:
    """Yield a body in pieces, decompressed; raise as `read_body`."""
    length = int(headers["CONTENT_LENGTH"])
    encoding = headers.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise UnsupportedEncoding
    if not is_chunked(headers) and length > limit:
        raise TooLarge(limit)
    pieces = counted(stream, None if is_chunked(headers) else length)
    if encoding == "gzip":
        pieces = _gunzip(pieces)
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge(limit)
        yield piece


def counted(stream: IO[bytes], length: int | None) -> Iterator[bytes]:
    """Yield a body in pieces; ParseError where it breaks off, or ends before its length."""
    received = 0
    while length is None or received < length:
        try:
            piece = stream.read(
                CHUNK_BYTES if length is None else min(CHUNK_BYTES, length - received)
            )
        except (OSError, ValueError) as error:
            raise ParseError(f"The body broke off: {type(error).__name__}.") from None
        if not piece:
            break
        received += len(piece)
        yield piece
    if length is not None and received < length:
        raise ParseError(f"The body ends after {received} of {length} bytes.")


def _gunzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(wbits=31)
    for piece in pieces:
        while piece:
            try:
                output = decompressor.decompress(piece, OUTPUT_BYTES)  # a small bomb never unfolds
            except zlib.error:
                raise ParseError("The body is not gzip.") from None
            if decompressor.unused_data:
                raise ParseError("The gzip body has data after its end.")
            yield output
            piece = decompressor.unconsumed_tail
    if not decompressor.eof:
        raise ParseError("The gzip body ends early.")
