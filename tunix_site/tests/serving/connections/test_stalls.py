"""Clients that stall, drip and flood: the site goes on answering, first of all its health check."""

import contextlib
import json
import os
import resource
import signal
import time

import pytest

from tunix_site.serving.processes import descendants
from tunix_site.tests.live import (
    is_alive,
    url_of_database,
    wait_until,
    web_server,
)
from tunix_site.tests.samples import trace
from tunix_site.tests.serving.connections.clients import (
    ANSWER_SECONDS,
    HEAD_OF_POST,
    answers_of,
    check_health,
    crowd,
    detail_of,
    listens,
    read_all,
    status_of,
)

pytestmark = [pytest.mark.live, pytest.mark.django_db]

MIB = 1024**2
CLIENT_SECONDS = 2
HELD_BYTES = 16 * MIB
STATIC = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"


@pytest.fixture(scope="module")
def impatient(django_db_setup, django_db_blocker, tmp_path_factory):
    """Serve with little patience and little memory, so that the tests need not wait long."""
    with django_db_blocker.unblock():
        url = url_of_database()
    with web_server(
        database_url=url,
        var_dir=tmp_path_factory.mktemp("impatient"),
        TUNIX_CLIENT_SECONDS=str(CLIENT_SECONDS),
        TUNIX_MAX_HELD_BYTES=str(HELD_BYTES),
    ) as server:
        yield server


@pytest.fixture
def goes_on_answering(impatient, live_key):
    """Check that health and a request with a key are answered, as long as the block runs."""

    @contextlib.contextmanager
    def check():
        def ask() -> None:
            check_health(impatient.port)
            assert client.get("/api/traces", timeout=ANSWER_SECONDS).status_code == 200

        with impatient.client(live_key) as client:
            for _ in range(3):
                ask()
            yield
            ask()

    return check


def test_half_heads_hold_nothing_up_and_are_ended(impatient, goes_on_answering):
    with (
        crowd(impatient.port, 500, b"GET /api/traces HTTP/1.1\r\nHost: lo") as halves,
        goes_on_answering(),
    ):
        answers = answers_of(halves, 20)
    assert {status_of(answer) for answer in answers} == {408}
    assert detail_of(answers[0]) == "The head of the request did not come in time."


def test_half_bodies_hold_nothing_up_and_are_ended(impatient, goes_on_answering):
    half = HEAD_OF_POST % 900_000 + b" " * 9_000
    with crowd(impatient.port, 500, half) as halves, goes_on_answering():
        answers = answers_of(halves, 20)
    assert {status_of(answer) for answer in answers} == {408}
    assert detail_of(answers[0]) == "The body comes too slowly, or no more."


def test_silent_connections_hold_nothing_up_and_are_ended(impatient, goes_on_answering):
    with crowd(impatient.port, 500) as silent, goes_on_answering():
        assert set(answers_of(silent, 20)) == {b""}


def test_no_more_bytes_are_held_than_may_be(impatient, goes_on_answering):
    before = impatient.peak_memory()
    half = HEAD_OF_POST % 900_000 + b" " * 500_000
    with crowd(impatient.port, 200, half) as halves, goes_on_answering():
        answers = answers_of(halves, 20)
    assert {status_of(answer) for answer in answers} == {408, 503}
    refused = next(answer for answer in answers if status_of(answer) == 503)
    assert b"\r\nRetry-After: 5\r\n" in refused
    assert detail_of(refused) == "Too much is being sent at once; try again later."
    assert impatient.peak_memory() - before < 4 * HELD_BYTES


def test_large_bodies_that_nobody_may_send_are_refused_and_drained_without_a_thread(
    impatient, goes_on_answering
):
    large = HEAD_OF_POST % (50 * MIB)
    with (
        crowd(impatient.port, 100, large, b" " * (MIB + 50_000)) as senders,
        goes_on_answering(),
    ):
        heads = [sender.recv(12) for sender in senders]
    # what is sent faster than eight threads refuse it may be too much to hold
    assert b"HTTP/1.1 401" in heads
    assert set(heads) <= {b"HTTP/1.1 401", b"HTTP/1.1 503"}


def test_readers_that_stall_hold_no_thread(impatient, goes_on_answering):
    request = f"GET {STATIC} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with crowd(impatient.port, 100, request * 5, buffer=2048), goes_on_answering():
        pass


def test_who_asks_on_and_on_and_reads_nothing_holds_no_thread(impatient, goes_on_answering):
    request = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with crowd(impatient.port, 100, request * 200, buffer=2048), goes_on_answering():
        pass


@pytest.mark.parametrize(
    ("start", "drip", "detail"),
    [
        (b"GET /api/traces HTTP/1.1\r\nX: ", b"a", "The head of the request did not come in time."),
        (HEAD_OF_POST % 9000, b"", "The body comes too slowly, or no more."),
    ],
)
def test_bytes_that_drip_hold_no_thread_and_end(impatient, goes_on_answering, start, drip, detail):
    with crowd(impatient.port, 100, start) as drippers:
        until = time.monotonic() + 2 * CLIENT_SECONDS
        with goes_on_answering():
            while time.monotonic() < until:
                for one in drippers:
                    with contextlib.suppress(ConnectionError):
                        one.sendall(drip)
                check_health(impatient.port)
        answers = answers_of(drippers, 10)
    assert {status_of(answer) for answer in answers} == {408}
    assert detail_of(answers[0]) == detail


def test_more_connections_than_there_may_be_end_the_stillest(impatient, goes_on_answering):
    with crowd(impatient.port, 1200), goes_on_answering():
        pass


def test_connections_leave_files_to_be_opened(django_db_blocker, live_key, tmp_path):
    with django_db_blocker.unblock():
        url = url_of_database()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, most[1]))  # the server inherits it
    try:
        with web_server(database_url=url, var_dir=tmp_path) as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, most)
            with crowd(server.port, 150), server.client(live_key) as client:
                check_health(server.port)
                assert client.get("/api/traces").status_code == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)


def large_import(key: str) -> bytes:
    head = (
        "POST /api/traces/import HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/x-ndjson\r\nAuthorization: Token {key}\r\n"
        f"Content-Length: {50 * MIB}\r\n\r\n"
    )
    return head.encode() + b"\n" * (MIB + 4096)


def test_streams_leave_two_threads(impatient, live_key, goes_on_answering):
    with crowd(impatient.port, 8, large_import(live_key)) as senders:
        with goes_on_answering(), impatient.client(live_key) as client:
            refused = client.post("/api/traces/import", content=b"{}")
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) > 0
            assert "imports and exports" in refused.json()["detail"]
        answers = answers_of(senders, 20)
    assert {status_of(answer) for answer in answers} == {400}  # the body broke off
    with impatient.client(live_key) as client:
        assert client.post("/api/traces/import", content=b"{}").status_code == 400


def test_a_stop_waits_for_what_comes_and_not_for_who_stalls(django_db_blocker, live_key, tmp_path):
    with django_db_blocker.unblock():
        url = url_of_database()
    body = json.dumps(trace()).encode()
    head = (HEAD_OF_POST % len(body))[:-2] + f"Authorization: Token {live_key}\r\n\r\n".encode()
    with web_server(database_url=url, var_dir=tmp_path) as server:
        processes = descendants(server.pid)
        with (
            crowd(server.port, 1, head, body[:9]) as [honest],
            crowd(server.port, 20, head, body[:9]) as half_bodies,
            crowd(server.port, 5, b"GET /") as half_heads,
        ):
            assert server.health() == 200  # so that all of it has been read
            os.kill(server.pid, signal.SIGTERM)
            wait_until(lambda: not listens(server.port))
            honest.sendall(body[9:])
            answer = read_all(honest)
            others = answers_of(half_bodies + half_heads, 20)
        assert status_of(answer) == 201
        assert b"\r\nConnection: close\r\n" in answer
        assert {status_of(one) for one in others} == {408}
        wait_until(lambda: not any(map(is_alive, processes)))
