"""What the server refuses before it is a request, and HEAD, on the socket itself."""

import http.client
import json

import pytest
from gunicorn.http import errors

from tunix_site.serving.connections.heads import head_has_come
from tunix_site.serving.connections.refusals import BAD_HEAD, BUSY, Refusal, refusal_of
from tunix_site.tests.live import exchange
from tunix_site.tests.serving.connections.clients import detail_of

SECRET = b"what-must-not-be-quoted"
OK = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/traces HTTP/1.1\r\nHost: localhost\r\n"
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200))
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
UNREADABLE = [
    (SECRET + b"\r\n\r\n", 400, "The request line is not valid."),
    (b"GET\r\n\r\n", 400, "The request line is not valid."),
    (b"GET  /api/health HTTP/1.1\r\n\r\n", 400, "The request line is not valid."),
    (b"\r\n\r\n", 400, "The request line is not valid."),
    (b"GET /" + SECRET + b"\n\n", 400, "The request line is not valid."),
    (b"GET " + SECRET + b" HTTP/1.1\r\n\r\n", 400, "The request line is not valid."),
    (b"GET /\xff" + SECRET + b" HTTP/1.1\r\n\r\n", 400, "The request line is not valid."),
    (TLS_HELLO, 400, "The request line is not valid."),
    (bytes(range(256)), 400, "The request line is not valid."),
    (HTTP2_PREFACE, 400, "The request line is not valid."),
    (b"get /" + SECRET + b" HTTP/1.1\r\n\r\n", 400, "The method is not valid."),
    (b"G(T /" + SECRET + b" HTTP/1.1\r\n\r\n", 400, "The method is not valid."),
    (b"A" * 500 + b" / HTTP/1.1\r\n\r\n", 400, "The method is not valid."),
    (b"GET / HTTP/9.9\r\n\r\n", 400, "The version must be HTTP/1.1 or HTTP/1.0."),
    (b"GET / " + SECRET + b"\r\n\r\n", 400, "The version must be HTTP/1.1 or HTTP/1.0."),
    (b"GET /" + SECRET * 400 + b" HTTP/1.1\r\n\r\n", 414, "The request line is too long."),
    (b"GET /" + SECRET * 400, 414, "The request line is too long."),
    (OK + SECRET + b"\r\n\r\n", 400, "The head of the request is not valid."),
    (OK + b"X: a\0" + SECRET + b"\r\n\r\n", 400, "The head of the request is not valid."),
    (OK + b"X: a\r" + SECRET + b"\r\n\r\n", 400, "The head of the request is not valid."),
    (OK + b"X: a\n" + SECRET + b"\n\n", 400, "The head of the request is not valid."),
    (OK + SECRET + b" x: a\r\n\r\n", 400, "The name of a header field is not valid."),
    (OK + b"X: a\r\n " + SECRET + b"\r\n\r\n", 400, "A header field must be on one line."),
    (OK + b"A: b\r\n" * 101 + b"\r\n", 431, "The head of the request is too large."),
    (OK + b"A: " + SECRET * 400 + b"\r\n\r\n", 431, "The head of the request is too large."),
    (OK + b"A: " + SECRET * 4000, 431, "The head of the request is too large."),
    (OK + b"Host: " + SECRET + b"\r\n\r\n", 400, "Host is not valid, or is there too often."),
    (OK + b"Expect: " + SECRET + b"\r\n\r\n", 417, "Expect must be 100-continue."),
    *[
        (POST + fields + b"\r\n\r\n", 400, "Content-Length is not valid, or is there too often.")
        for fields in (
            b"Content-Length: " + SECRET,
            b"Content-Length: -1",
            b"Content-Length: +1",
            b"Content-Length: 1\r\nContent-Length: 1",
            b"Content-Length: 1\r\nContent-Length: 2",
            b"Content-Length: " + b"9" * 5000,
            b"Content-Length: 3\r\nTransfer-Encoding: chunked",
        )
    ],
    *[
        (POST + fields + b"\r\n\r\n", 400, "Transfer-Encoding is not valid, or is there too often.")
        for fields in (
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: chunked, gzip",
            b"Transfer-Encoding: identity",
            b"Transfer-Encoding: gzip",
        )
    ],
    *[
        (POST + fields + b"\r\n\r\n", 501, "Transfer-Encoding must be chunked and nothing else.")
        for fields in (
            b"Transfer-Encoding: gzip, chunked",
            b"Transfer-Encoding: identity, chunked",
            b"Transfer-Encoding: " + SECRET,
            b"Transfer-Encoding: " + SECRET + b", chunked",
        )
    ],
]


@pytest.mark.live
@pytest.mark.parametrize(("data", "code", "detail"), UNREADABLE)
def test_what_is_no_request_is_refused_in_json(site, data, code, detail):
    answer = exchange(site.port, data)
    assert answer.startswith(b"HTTP/1.1 %d " % code)
    assert b"\r\nConnection: close\r\n" in answer
    assert detail_of(answer) == detail
    assert SECRET not in answer


@pytest.mark.live
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"HEAD /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"HEAD / HTTP/9.9\r\n\r\n", 400),
        (b"HEAD / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"HEAD / HTTP/1.1\r\nA: " + b"b" * 9000 + b"\r\n\r\n", 431),
        (b"\r\nHEAD / HTTP/1.1\r\nExpect: x\r\n\r\n", 417),
        (b"HEAD / HTTP/1.1\r\nExpect: x\r\n\r\n", 417),
        (b"HEAD / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ],
)
def test_the_refusal_of_a_head_has_no_body(site, data, code):
    answer = exchange(site.port, data)
    assert answer.startswith(b"HTTP/1.1 %d " % code)
    head, end, body = answer.partition(b"\r\n\r\n")
    assert (end, body) == (b"\r\n\r\n", b"")
    assert b"\r\nContent-Length: " in head


@pytest.mark.live
@pytest.mark.parametrize("bad", [TLS_HELLO, b"GET / HTTP/1.1\nHost: a\n", b"GET /" + b"a" * 9000])
def test_what_can_be_no_request_is_refused_while_the_client_waits(site, bad):
    client = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
    client.connect()
    client.sock.sendall(bad)
    assert client.sock.recv(12) in (b"HTTP/1.1 400", b"HTTP/1.1 414")
    client.close()


@pytest.mark.live
@pytest.mark.parametrize(
    "path",
    [
        *["/", "/api", "/api/health", "/api/schema", "/api/docs", "/metrics", "/nowhere"],
        *["/api/traces", "/api/traces/x", "/api/traces?limit=no", "/api/traces/formats"],
        *["/api/datasets", "/api/datasets/x/export.jsonl", "/api/datasets/x/manifest"],
        *["/admin/", "/admin/login/", "/admin/nowhere/", "/api-auth/login/"],
        *["/static/rest_framework/css/default.css", "/static/nowhere.css"],
    ],
)
@pytest.mark.parametrize("with_key", [True, False])
def test_head_has_no_body_and_the_connection_goes_on(site, live_key, path, with_key):
    lines = [f"HEAD {path} HTTP/1.1", "Host: localhost", "Accept: text/html, */*"]
    if with_key:
        lines.append(f"Authorization: Token {live_key}")
    head = "\r\n".join([*lines, "", ""]).encode()
    last = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    first, second, body = exchange(site.port, head + last).split(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 ")
    assert second.startswith(b"HTTP/1.1 200 ")  # at once after the head
    assert json.loads(body)["status"] == "healthy"


def test_the_head_of_a_refusal_says_when_to_come_again():
    assert b"\r\nRetry-After: 5\r\n" in BUSY.to_bytes()
    assert b"Retry-After" not in BAD_HEAD.to_bytes()


def test_whatever_the_parser_does_not_take_has_a_refusal():
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.ParseException)
    ]
    assert len(kinds) > 10
    for kind in kinds:
        error = kind.__new__(kind)
        error.hdr = "x"
        refusal = refusal_of(error)
        assert isinstance(refusal, Refusal)
        assert 400 <= refusal.status < 600


@pytest.mark.parametrize(
    ("data", "come"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n", False),
        (b"\r", False),
        (b"\r\nGET / HTTP/1.1\r\n", False),
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET /" + b"a" * 8000, False),
    ],
)
def test_a_head_is_found_whatever_its_pieces(data, come):
    for cut in range(1, len(data), 1 + len(data) // 100):
        assert not head_has_come(bytearray(data[:cut]), 0)
        assert head_has_come(bytearray(data), cut) is come
