"""Paths, queries, headers and request lines that no honest client sends, over the real server."""

import pytest

from tunix_site.tests.live import exchange

pytestmark = pytest.mark.live

OK = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n"
CLOSE = b"Connection: close\r\n\r\n"


@pytest.fixture
def get(site, live_key):
    """GET with these bytes as the target and further header lines; give the raw answer."""

    def get(target: bytes, *lines: bytes, key: bool = True, method: bytes = b"GET") -> bytes:
        own = [b"Host: localhost", b"Connection: close"]
        if key:
            own.append(b"Authorization: Token " + live_key.encode())
        head = b"\r\n".join([method + b" " + target + b" HTTP/1.1", *own, *lines])
        return exchange(site.port, head + b"\r\n\r\n")

    return get


def status_of(answer: bytes) -> int:
    return int(answer[9:12])


@pytest.mark.parametrize("key", [True, False])
@pytest.mark.parametrize(
    "target",
    [
        b"/api/traces/%00",
        b"/api/traces/%00/scores",
        b"/api/traces/%ff",
        b"/api/traces/%ed%a0%80",
        b"/api/traces/" + b"a" * 8000,
        b"/api/traces/" + b"a" * 20_000,
        b"/api/traces/..",
        b"/api/traces/../../etc/passwd",
        b"/api/traces/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        b"/api/datasets/%00",
        b"/api/datasets/%ff/manifest",
        b"/api/datasets/..%2f..%2fetc%2fpasswd/export.jsonl",
        b"/api/datasets/%0d%0aX-Injected:%20yes/manifest",
        b"/static/../tunix_site/settings.py",
        b"/static/..%2f..%2ftunix_site%2fsettings.py",
        b"/static/%00",
        b"/static/%ff",
        b"/static/a\\..\\b",
        b"//evil.example/",
        b"/api//traces",
        b"/api/schema?format=%00",
        b"/api/schema?lang=x",
        b"/api/schema?version=%ff",
        b"/api/docs?lang=%00",
        b"/api/traces?%00=%00",
        b"/api/traces?limit=1&limit=2",
        b"/api/traces?cursor=%ff",
        b"/api/traces?source=%00",
        b"/api/traces?meta.a%00=1",
        b"/api/traces?" + b"&".join(b"p%d=1" % n for n in range(1500)),
        b"/api/traces?;&&==&=",
        b"*",
        b"/\xff\xfe",
        b"/api/tr\x00aces",
        b"/api/traces\r\nX-Injected: yes",
        b"localhost:80",
        b"",
    ],
)
def test_hostile_targets_are_refused(get, target, key):
    answer = get(target, key=key)
    if answer.startswith(b"HTTP/1.1 302 "):  # to the login page
        assert not key
        assert b"Location: /api-auth/login/?next=/api/docs\r\n" in answer
    else:
        assert 400 <= status_of(answer) < 500
    assert b"X-Injected: yes\r\n" not in answer
    assert b"root:" not in answer
    assert b"SECRET_KEY =" not in answer


@pytest.mark.parametrize(
    "target", [b"/admin/%00", b"/admin/%ff/", b"/admin/%0d%0aX-Injected:%20yes"]
)
def test_hostile_targets_of_the_admin_lead_to_its_login(get, target):
    answer = get(target, key=False)
    assert status_of(answer) in (302, 404)
    assert b"X-Injected: yes\r\n" not in answer


@pytest.mark.parametrize("target", [b"/api/traces", b"/metrics", b"/api/schema", b"/api/datasets"])
@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (b"Accept: \xff", {406}),
        (b"Accept: ;;==,,/", {406}),
        (b"Accept: image/png", {406}),
        (b"Accept: application/json; q=many", {200, 406}),
        (b"Accept: application/json; indent=-5", {200, 406}),
        (b"Accept: application/json; indent=" + b"9" * 5000, {200, 406}),
        (b"Accept: " + b"a/b," * 2000, {406, 431}),
        (b"Accept-Language: \xff, x;q=many", {200}),
        (b"Accept-Encoding: \xff;q=many", {200}),
        (b"Accept-Charset: \xff", {200}),
        (b"If-None-Match: \xff\"", {200}),
        (b"If-Modified-Since: \xff", {200}),
        (b"Range: bytes=5-1", {200}),
        (b"X-HTTP-Method-Override: DELETE", {200}),
        (b"X-Forwarded-For: \xff", {200}),
        (b"X-Request-ID: \xff\x80", {200}),
        (b"Cookie: sessionid=\"\\000abcdefgh\"", {200}),
        (b"Cookie: sessionid=\xff\xfe; csrftoken=\"\\000\"; ;=;a", {200}),
        (b"Host: evil.example", {400}),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3", {400}),
        (b"Content-Type: \xff; charset=\xff", {200}),
        (b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", {200}),
        (b"Expect: miracles", {417}),
    ],
)  # fmt: skip
def test_hostile_headers_break_nothing(get, target, line, codes):
    assert status_of(get(target, line)) in codes


@pytest.mark.parametrize(
    "cookie",
    [b'sessionid="\\000abcdefgh"', b"sessionid=%00%00%00%00%00", b"sessionid=" + b"\xff" * 40],
)
def test_a_hostile_cookie_alone_is_no_session(get, cookie):
    assert status_of(get(b"/api/traces", b"Cookie: " + cookie, key=False)) == 401


@pytest.mark.parametrize(
    "target",
    [
        *[b"/api", b"/metrics", b"/api/schema", b"/api/docs", b"/api/health", b"/nowhere"],
        *[b"/api/traces", b"/api/traces/batch", b"/api/traces/x", b"/api/datasets/x/export.jsonl"],
    ],
)
@pytest.mark.parametrize(
    "method", [b"PUT", b"TRACE", b"CONNECT", b"PROPFIND", b"INITIAL", b"ROLES"]
)
def test_unknown_methods_are_refused(get, target, method):
    assert 400 <= status_of(get(target, method=method)) < 500


@pytest.mark.parametrize(
    "target", [b"/api", b"/metrics", b"/api/schema", b"/api/docs", b"/api/health", b"/api/traces"]
)
def test_head_is_answered_as_get_and_options_describes(get, target):
    head = get(target, b"Accept: */*", method=b"HEAD")
    assert status_of(head) == 200
    assert head.endswith(b"\r\n\r\n")
    assert status_of(get(target, b"Accept: */*", method=b"OPTIONS")) == 200


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 10,
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /api/health\r\n\r\n",
        b"GET /api/health HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"A" * 500 + b" /api/health HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        OK + b"A: b\r\n" * 5000 + b"\r\n",
        OK + b"A: " + b"b" * 20_000 + b"\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"NUL: a\0b\r\n\r\n",
        OK + b"in valid: a\r\n\r\n",
        OK + b"folded: a\r\n b\r\n\r\n",
        OK + b"X: a\rInjected: b\r\n\r\n",
        OK + b"Host: evil.example\r\n\r\n",
        b"GET /api/health HTTP/1.1\nHost: localhost\n\n",
        b"GET /api HTTP/1.1\r\nHost: evil.example\r\n" + CLOSE,
        b"GET /api HTTP/1.1\r\nHost: \xff\xfe\r\n" + CLOSE,
    ],
)
def test_what_is_no_request_is_refused(site, data):
    assert 400 <= status_of(exchange(site.port, data)) < 500


@pytest.mark.parametrize("data", [b"", b"GET /api/he", OK])
def test_who_hangs_up_gets_no_answer_and_harms_nobody(site, data):
    assert exchange(site.port, data) == b""
    assert site.health() == 200


def test_a_request_id_cannot_carry_a_header(get):
    answer = get(b"/api/traces", b"X-Request-ID: a%0d%0aX-Injected: yes")
    assert status_of(answer) == 200
    assert b"X-Injected" not in answer


@pytest.fixture(scope="module", autouse=True)
def _the_server_lives_and_has_broken_nowhere(site):
    before = site.log.stat().st_size  # what other modules asked of it is theirs
    yield
    assert site.health() == 200
    with site.log.open("rb") as log:
        log.seek(before)
        broken = [line for line in log if b"Internal Server Error" in line]
    assert broken == []
