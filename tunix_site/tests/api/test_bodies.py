"""Request bodies over the real server: honest, lying, broken and huge ones."""

import gzip
import http.client
import json
from functools import partial

import pytest

from tunix_site.tests.live import exchange
from tunix_site.tests.samples import trace

pytestmark = pytest.mark.live

DOCUMENT = json.dumps(trace()).encode()
ZIPPED = gzip.compress(DOCUMENT, mtime=0)
MIB = 1024**2
LIMIT = MIB  # of one trace
CHUNKED = "Transfer-Encoding: chunked"
GZIP = "Content-Encoding: gzip"
END = b"0\r\n\r\n"


def length(count) -> str:
    return f"Content-Length: {count}"


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


@pytest.fixture
def post(live_key, site):
    """Post raw bytes after a head with these lines; give the status and the decoded body."""

    def post(*lines: str, body: bytes | list[bytes] = b"", path: str = "/api/traces"):
        head = "\r\n".join(
            [
                f"POST {path} HTTP/1.1",
                "Host: localhost",
                "Connection: close",
                "Content-Type: application/json",
                f"Authorization: Token {live_key}",
                *lines,
            ]
        )
        pieces = body if isinstance(body, list) else [body]
        answer = exchange(site.port, f"{head}\r\n\r\n".encode("latin-1"), *pieces)
        head, _, body = answer.partition(b"\r\n\r\n")
        is_json = b"application/json" in head
        return int(answer[9:12]), json.loads(body) if is_json else body.decode()

    return post


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ([length(len(DOCUMENT))], DOCUMENT),
        ([CHUNKED], chunks(DOCUMENT) + END),
        ([CHUNKED], chunks(*(DOCUMENT[n : n + 1] for n in range(len(DOCUMENT)))) + END),
        (
            [CHUNKED],
            b"%X;name=value\r\n%s\r\n0\r\nX-Trailer: a\r\n\r\n" % (len(DOCUMENT), DOCUMENT),
        ),
        ([GZIP, length(len(ZIPPED))], ZIPPED),
        ([GZIP, CHUNKED], chunks(ZIPPED[:9], ZIPPED[9:]) + END),
        (["Content-Encoding: GZip", length(len(ZIPPED))], ZIPPED),
        (["Content-Encoding: identity", length(len(DOCUMENT))], DOCUMENT),
        ([length(len(DOCUMENT))], DOCUMENT + b"more"),  # of a next request, which nobody makes
    ],
)
def test_honest_bodies_are_stored(post, stored, lines, body):
    code, answer = post(*lines, body=body)
    assert (code, answer["payload"]["prompt"]) == (201, trace()["prompt"])
    assert stored() == 1


def test_a_client_that_streams_is_served(live_client, stored):
    assert live_client.post("/api/traces", content=iter([DOCUMENT[:7], DOCUMENT[7:]]),
                       headers={"Content-Type": "application/json"}).status_code == 201  # fmt: skip
    batch = json.dumps([trace()] * 1000).encode()
    streamed = (batch[n : n + 4096] for n in range(0, len(batch), 4096))
    headers = {"Content-Type": "application/json"}
    assert (
        live_client.post("/api/traces/batch", content=streamed, headers=headers).status_code == 201
    )
    assert stored() == 1001


@pytest.mark.parametrize(
    ("lines", "body", "code", "detail"),
    [
        # a Content-Length that lies
        ([length(len(DOCUMENT) + 5)], DOCUMENT, 400, "The body ends after "),
        ([length(len(DOCUMENT) - 5)], DOCUMENT, 400, "The body is not JSON"),
        ([length(2 * LIMIT)], DOCUMENT, 413, "The body exceeds maximum of 1,048,576 bytes."),
        ([length(10**30)], DOCUMENT, 413, "The body exceeds maximum of 1,048,576 bytes."),
        # none at all
        ([], b"", 400, None),
        ([], DOCUMENT, 400, None),
        ([length(0)], b"", 400, None),
        ([CHUNKED], END, 400, "The body is not JSON"),
        # chunks that break off
        ([CHUNKED], b"", 400, "The body broke off"),
        ([CHUNKED], chunks(DOCUMENT[:10]), 400, "The body broke off"),
        ([CHUNKED], chunks(DOCUMENT), 400, "The body broke off"),
        ([CHUNKED], chunks(DOCUMENT)[:-9], 400, "The body broke off"),
        ([CHUNKED], chunks(DOCUMENT) + b"0\r\nX: y", 400, "The body broke off"),
        # chunks that are none
        ([CHUNKED], b"zz\r\n" + DOCUMENT, 400, "The body broke off"),
        ([CHUNKED], chunks(DOCUMENT) + b"zz\r\n", 400, "The body broke off"),
        ([CHUNKED], b"-5\r\nabcde\r\n0\r\n\r\n", 400, "The body broke off"),
        ([CHUNKED], b"\r\n\r\n", 400, "The body broke off"),
        ([CHUNKED], b"f" * 30 + b"\r\n" + DOCUMENT, 400, "The body broke off"),
        ([CHUNKED], b"f" * 30_000 + b"\r\n" + DOCUMENT, 400, "The body broke off"),
        ([CHUNKED], b"3\r\nabcdef\r\n0\r\n\r\n", 400, "The body broke off"),
        ([CHUNKED], b"3;\0=\r\nabc\r\n0\r\n\r\n", 400, "The body broke off"),
        ([CHUNKED], chunks(DOCUMENT) + b"0\r\n(bad\r\n\r\n", 400, "The body broke off"),
        ([CHUNKED], chunks(DOCUMENT) + b"0\r\nX: " + b"y" * MIB, 400, "The body broke off"),
        ([CHUNKED, GZIP], chunks(ZIPPED[:9]) + b"zz\r\n", 400, "The body broke off"),
        # gzip that is none
        ([GZIP, length(len(ZIPPED) - 3)], ZIPPED[:-3], 400, "The gzip body ends early."),
        ([GZIP, CHUNKED], chunks(ZIPPED[:9]) + END, 400, "The gzip body ends early."),
        ([GZIP, CHUNKED], END, 400, "The gzip body ends early."),
        ([GZIP, length(len(DOCUMENT))], DOCUMENT, 400, "The body is not gzip."),
        ([GZIP, length(2 * len(ZIPPED))], ZIPPED * 2, 400, "The gzip body has data after its end."),
        ([GZIP, length(20)], gzip.compress(b"", mtime=0), 400, "The body is not JSON"),
        # other encodings
        (["Content-Encoding: br", length(len(DOCUMENT))], DOCUMENT, 415, "Content-Encoding must"),
        (["Content-Encoding: deflate", CHUNKED], chunks(DOCUMENT) + END, 415, "Content-Encoding"),
        (["Content-Encoding: gzip, gzip", length(2)], b"{}", 415, "Content-Encoding must"),
        (["Content-Encoding: \xff", length(2)], b"{}", 415, "Content-Encoding must"),
        (["Transfer-Encoding: gzip, chunked"], chunks(ZIPPED) + END, 501, "Transfer-Encoding must"),
    ],
)  # fmt: skip
def test_bodies_that_lie_or_break_store_nothing(post, stored, lines, body, code, detail):
    answered, body = post(*lines, body=body)
    assert answered == code
    if detail:
        assert body["detail"].startswith(detail)
    else:
        assert body["prompt"] == ["This field is required."]
    assert stored() == 0


@pytest.mark.parametrize(
    "lines",
    [
        [length(-5)],
        [length("many")],
        [length("+5")],
        [length("9" * 5000)],
        [length("\xb2")],
        [length(5), length(len(DOCUMENT))],
        [length(len(DOCUMENT)), CHUNKED],
        [CHUNKED, CHUNKED],
        ["Transfer-Encoding: identity"],
    ],
)
def test_heads_that_leave_the_length_open_are_refused(post, stored, lines):
    code, _ = post(*lines, body=chunks(DOCUMENT) + END)
    assert code == 400
    assert stored() == 0


def test_more_than_the_limit_is_refused_however_it_comes(post, stored):
    spaces = [b" " * MIB] * 3
    refused = (413, {"detail": "The body exceeds maximum of 1,048,576 bytes."})
    assert post(length(3 * MIB), body=spaces) == refused
    assert post(CHUNKED, body=[*map(chunks, spaces), END]) == refused
    assert post(CHUNKED, body=[b"300000\r\n", *spaces, b"\r\n", END]) == refused
    assert stored() == 0


def test_exactly_the_limit_is_taken(post, stored):
    room = LIMIT - len(DOCUMENT)
    assert post(length(LIMIT), body=DOCUMENT + b" " * room)[0] == 201
    assert post(length(LIMIT + 1), body=DOCUMENT + b" " * (room + 1))[0] == 413
    assert post(CHUNKED, body=chunks(DOCUMENT + b" " * room) + END)[0] == 201
    assert post(CHUNKED, body=chunks(DOCUMENT + b" " * (room + 1)) + END)[0] == 413
    zipped = gzip.compress(DOCUMENT + b" " * (room + 1))
    assert post(GZIP, length(len(zipped)), body=zipped)[0] == 413
    assert stored() == 2


def test_a_client_that_is_still_sending_sees_the_refusal(live_key, site, stored):
    for path in ("/api/traces", "/api/traces/batch"):
        sender = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        headers = {"Authorization": f"Token {live_key}", "Content-Type": "application/json"}
        pieces = (b" " * MIB for _ in range(100))
        sender.request("POST", path, pieces, headers, encode_chunked=True)
        response = sender.getresponse()
        assert response.status == 413
        assert b"The body exceeds maximum of" in response.read()
        sender.close()
    assert stored() == 0


def test_who_may_not_write_sees_that_and_not_a_broken_pipe(site):
    for headers, code in (({}, 401), ({"Authorization": "Token x"}, 401)):
        sender = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        sender.request("POST", "/api/traces", (b" " * MIB for _ in range(20)), headers,
                       encode_chunked=True)  # fmt: skip
        assert sender.getresponse().status == code
        sender.close()


@pytest.mark.parametrize("path", ["/api/traces", "/api/traces/batch"])
@pytest.mark.parametrize("way", ["length", "chunked", "one chunk", "gzip"])
def test_a_hundred_megabytes_in_one_string_never_are_in_memory(post, site, stored, path, way):
    string = [b'["', *[b"a" * MIB] * 100, b'"]']
    size = sum(map(len, string))
    send = partial(post, path=path)
    before = site.peak_memory()
    match way:
        case "length":
            code, _ = send(length(size), body=string)
        case "chunked":
            code, _ = send(CHUNKED, body=[*map(chunks, string), END])
        case "one chunk":
            code, _ = send(CHUNKED, body=[b"%x\r\n" % size, *string, b"\r\n" + END])
        case "gzip":
            bomb = gzip.compress(b"".join(string), 1)
            code, _ = send(GZIP, length(len(bomb)), body=bomb)
    assert code == 413
    # A batch may be 64 MiB, and is copied once where it is all there.
    allowed = 20 * MIB if path == "/api/traces" else 160 * MIB
    assert site.peak_memory() - before < allowed
    assert stored() == 0


def test_a_bomb_within_a_bomb_does_not_unfold(post, stored):
    bomb = gzip.compress(gzip.compress(b" " * 100 * MIB))
    assert post(GZIP, length(len(bomb)), body=bomb)[0] == 400
    assert stored() == 0


@pytest.mark.parametrize("body", [b"[" * 50_000, b'{"a":' * 50_000, b"[" * 50_000_000])
def test_deep_nesting_is_refused(post, stored, body):
    for path in ("/api/traces", "/api/traces/batch"):
        code, _ = post(length(len(body)), body=body, path=path)
        assert code == (413 if path == "/api/traces" and len(body) > LIMIT else 400)
    assert stored() == 0


@pytest.mark.parametrize("path", ["/admin/login/", "/api-auth/login/", "/admin/", "/nothing"])
@pytest.mark.parametrize("framing", [length(60 * MIB), CHUNKED])
def test_a_form_with_a_large_file_is_refused_before_it_is_read(site, path, framing):
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\nCookie: csrftoken={'a' * 32}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    begun = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n' + b"x" * MIB
    body = chunks(begun, b"x")[:-1] if framing == CHUNKED else begun  # which goes on
    answer = exchange(site.port, head.encode(), body)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"A form is at most 1,048,576 bytes, and says its length." in answer


def test_a_body_that_a_get_comes_with_is_passed_over(site):
    head = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    for lines, body in ((length(5), b"abcde"), (CHUNKED, chunks(b"abcde") + END)):
        answer = exchange(site.port, f"{head}{lines}\r\n\r\n".encode(), body)
        assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_forms_with_bodies_that_break_off_are_refused(site, kind):
    head = "POST /api-auth/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += f"Content-Type: {kind}\r\n"
    for lines, body in (
        (CHUNKED, b"zz\r\n"),
        (length(99), b"a=b"),
        (CHUNKED, chunks(b"--x") + END),
    ):
        answer = exchange(site.port, f"{head}{lines}\r\n\r\n".encode(), body)
        assert 400 <= int(answer[9:12]) < 500
