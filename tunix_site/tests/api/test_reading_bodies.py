"""Reading a body in process: counted and capped whatever its head says."""

import gzip
import io

import pytest
from gunicorn.http.errors import InvalidChunkSize
from rest_framework.exceptions import ParseError

from tunix_site import wsgi
from tunix_site.api.parsers import CHUNK_BYTES, UnsupportedEncoding, media_type_charset, read_body
from tunix_site.errors import TooLarge

LIMIT = 200_000
WHOLE = b"a" * LIMIT
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "9" * 12}
GZIP = {"HTTP_CONTENT_ENCODING": "gzip"}


def length(body: bytes) -> dict[str, str]:
    return {"CONTENT_LENGTH": str(len(body))}


class Broken(io.BytesIO):
    """Gives some and then fails, as a server does where chunks are none."""

    def __init__(self, error: Exception) -> None:
        super().__init__(b"a" * CHUNK_BYTES)
        self.error = error

    def read(self, size=-1) -> bytes:
        if piece := super().read(size):
            return piece
        raise self.error

    readline = read


def read(body: bytes, headers: dict[str, str]) -> bytes:
    return read_body(io.BytesIO(body), headers, LIMIT)


@pytest.mark.parametrize("body", [b"", b"a", WHOLE])
def test_a_whole_body_is_read(body):
    assert read(body, length(body)) == body
    assert read(body, CHUNKED) == body
    zipped = gzip.compress(body)
    assert read(zipped, {**length(zipped), **GZIP}) == body
    assert read(zipped, {**CHUNKED, **GZIP}) == body


def test_no_more_than_the_length_is_read():
    assert read(b"abcde", {"CONTENT_LENGTH": "3"}) == b"abc"


@pytest.mark.parametrize("headers", [length(WHOLE + b"a"), CHUNKED])
def test_a_byte_too_many_is_refused(headers):
    with pytest.raises(TooLarge):
        read(WHOLE + b"a", headers)


@pytest.mark.parametrize("factor", [1, 1000])
def test_a_bomb_is_refused_before_it_unfolds(factor):
    zipped = gzip.compress((WHOLE + b"a") * factor)
    stream = io.BytesIO(zipped)
    with pytest.raises(TooLarge):
        read_body(stream, {**length(zipped), **GZIP}, LIMIT)
    assert stream.tell() <= CHUNK_BYTES


def test_what_ends_early_is_refused():
    with pytest.raises(ParseError, match="ends after 3 of 5 bytes"):
        read(b"abc", {"CONTENT_LENGTH": "5"})
    zipped = gzip.compress(b"abc")[:-1]
    with pytest.raises(ParseError, match="gzip body ends early"):
        read(zipped, {**length(zipped), **GZIP})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "not gzip"),
        (gzip.compress(b"{}", mtime=0)[:-5] + b"wrong", "not gzip"),
        (gzip.compress(b"{}", mtime=0) * 2, "data after its end"),
        (gzip.compress(b"{}", mtime=0) + b"\0", "data after its end"),
        (b"", "ends early"),
    ],
)
def test_what_is_no_gzip_is_refused(body, message):
    with pytest.raises(ParseError, match=message):
        read(body, {**length(body), **GZIP})


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("closed")])
def test_what_breaks_off_is_refused(error):
    with pytest.raises(ParseError, match="The body broke off"):
        read_body(Broken(error), CHUNKED, LIMIT)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "x" * 500])
def test_other_encodings_are_refused(encoding):
    with pytest.raises(UnsupportedEncoding):
        read(b"", {"CONTENT_LENGTH": "0", "HTTP_CONTENT_ENCODING": encoding})


@pytest.mark.parametrize(
    ("media_type", "charset"),
    [
        (None, ""),
        ("", ""),
        ("application/json", ""),
        ("application/json; Charset = UTF-8", "utf-8"),
        ("application/json;a=b;charset='latin-1'", "latin-1"),
        ("application/json;;;charset", ""),
    ],
)
def test_the_charset_of_a_media_type(media_type, charset):
    assert media_type_charset(media_type) == charset


@pytest.mark.parametrize("deed", ["read", "readline"])
def test_chunks_that_are_none_are_an_error_of_the_stream(deed):
    stream = wsgi.ChunkedInput(Broken(InvalidChunkSize(b"zz")))
    assert getattr(stream, deed)(CHUNK_BYTES) == b"a" * CHUNK_BYTES
    with pytest.raises(OSError, match="InvalidChunkSize"):
        getattr(stream, deed)(1)


@pytest.mark.parametrize(
    ("environ", "bounded"),
    [
        ({"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}, True),
        ({"wsgi.input_terminated": True}, False),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, False),  # nobody would end it
    ],
)
def test_only_a_chunked_body_that_ends_is_given_a_length(monkeypatch, environ, bounded):
    seen = []
    monkeypatch.setattr(wsgi, "_django", lambda environ, start_response: seen.append(environ))
    stream = io.BytesIO()
    wsgi.application({"REQUEST_METHOD": "POST", **environ, "wsgi.input": stream}, None)
    assert ("CONTENT_LENGTH" in seen[0]) is bounded
    assert (seen[0]["wsgi.input"] is not stream) is bounded
    if bounded:
        assert int(seen[0]["CONTENT_LENGTH"]) > wsgi.settings.MAX_BATCH_BYTES
