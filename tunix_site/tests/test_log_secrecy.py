"""What people send is nowhere in the log: in path, query, header, cookie, body and host."""

import json
import logging
import os
import pty
import re
import subprocess
import sys
from types import SimpleNamespace

import httpx
import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError

from tunix_site.logs import TextFormatter, without_content
from tunix_site.serving import operations
from tunix_site.serving.server_process import free_port
from tunix_site.tests.live import MANAGE, environment_for, exchange, url_of_database, wait_until
from tunix_site.tests.samples import trace

SECRET = "SECRETWORD"
EVERYWHERE = {
    "Authorization": f"Token {SECRET}",
    "Cookie": f"sessionid={SECRET.lower()}{SECRET}; csrftoken={SECRET}",
    "X-Request-ID": f"{SECRET}!",
    "User-Agent": SECRET,
    "Referer": f"http://{SECRET}/",
    "X-Forwarded-For": SECRET,
}


def lines_without_secret(logged) -> list[dict]:
    lines = logged()
    assert lines
    assert SECRET.lower() not in json.dumps(lines).lower()
    return lines


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("get", f"/api/traces?q={SECRET}&{SECRET}=1", 401),
        ("get", f"/{SECRET}?{SECRET}", 404),
        ("get", f"/admin/{SECRET}/?{SECRET}", 302),
        ("post", f"/api/health?{SECRET}", 405),
        ("post", f"/api-auth/login/?next={SECRET}", 403),
        ("get", f"/static/{SECRET}", 404),
    ],
)
def test_refusals_quote_nothing(client, logged, method, path, code):
    client.handler.enforce_csrf_checks = True
    data = {} if method == "get" else {"data": {SECRET: SECRET}}
    response = getattr(client, method)(path, headers=EVERYWHERE, **data)
    assert response.status_code == code
    lines_without_secret(logged)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError(SECRET), 500),
        (OperationalError(SECRET), 503),
        (SuspiciousOperation(SECRET), 400),
        (PermissionError(SECRET), 500),
    ],
)
def test_what_breaks_quotes_nothing_and_names_the_request(
    reader, client, logged, monkeypatch, error, code
):
    def break_() -> bytes:
        raise error

    monkeypatch.setattr(operations, "metrics", SimpleNamespace(exposition=break_))
    reader.raise_request_exception = False
    headers = {"X-Request-ID": "ours", "User-Agent": SECRET, "Cookie": f"a={SECRET}"}
    assert reader.get(f"/metrics?{SECRET}={SECRET}", headers=headers).status_code in (code, 400)
    monkeypatch.setattr(operations, "metrics", operations.metrics)
    for line in lines_without_secret(logged):
        assert line["request_id"] == "ours"


@pytest.mark.django_db
def test_a_page_without_its_database_quotes_nothing_and_names_the_request(
    client, logged, monkeypatch
):
    def away(store):
        raise OperationalError(SECRET)

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    client.cookies["sessionid"] = "a" * 32
    response = client.get(f"/admin/?q={SECRET}", headers={"X-Request-ID": "ours"})
    assert response.status_code == 503
    lines = lines_without_secret(logged)
    assert {line["request_id"] for line in lines} == {"ours"}
    [of_django] = [line for line in lines if line["name"] == "django.request"]
    assert of_django["message"].startswith("503 Service Unavailable ")


@pytest.mark.django_db
def test_a_host_name_and_a_method_are_content_too(client, logged):
    client.get("/api/traces", headers={"Host": f"{SECRET}.example"})
    client.generic(SECRET, "/api/traces")
    messages = [line["message"] for line in lines_without_secret(logged)]
    assert any(message.startswith("other 40") for message in messages)


@pytest.mark.parametrize(
    ("name", "message", "arguments", "shown"),
    [
        ("tunix_site.x", "%s came", ("one",), "one came"),
        ("some_library", "%s of %d in %r", (SECRET, 3, SECRET), "... of 3 in '...'"),
        ("some_library", f"refused {SECRET}", (), "said at tests/test_log_secrecy.py:"),
        ("some_library", ValueError(SECRET), (), "said at tests/test_log_secrecy.py:"),
        (
            "gunicorn.error",
            "Worker (pid:%s) was sent %s",
            (7, SECRET),
            "Worker (pid:7) was sent ...",
        ),
    ],
)
def test_of_what_libraries_say_their_own_words_are_kept(logged, name, message, arguments, shown):
    logging.getLogger(name).error(message, *arguments, extra={"more": SECRET})
    [line] = logged()
    assert line["message"].startswith(shown)
    assert (SECRET in json.dumps(line)) == name.startswith("tunix_site")


def test_what_ends_a_thread_is_logged_without_its_message():
    code = f"""
import django, threading
django.setup()
def end(): raise ValueError("{SECRET}"[::-1])
thread = threading.Thread(target=end)
thread.start()
thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tunix_site.settings"},
        cwd=MANAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    [line] = map(json.loads, done.stderr.splitlines())
    assert line["message"] == "a thread ended by an exception"
    assert line["exc_info"].endswith("builtins.ValueError")
    assert SECRET[::-1] not in done.stderr


def test_words_that_do_not_fit_their_values_are_left_out():
    record = logging.LogRecord("some_library", 40, __file__, 7, "%d of it", (SECRET,), None)
    assert without_content(record).getMessage() == "said at tests/test_log_secrecy.py:7"


def test_a_record_is_left_to_other_handlers_as_it_was():
    record = logging.LogRecord("some_library", 40, __file__, 1, "a %s", (SECRET,), None)
    assert without_content(record).getMessage() == "a ..."
    assert record.getMessage() == f"a {SECRET}"


# For people


def shown(rf, path: str, *, colour: bool = False, status: int = 200, **meta: str) -> str:
    record = logging.makeLogRecord(
        {
            "name": "tunix_site.requests",
            "request": rf.get(path, **meta),
            "method": "GET",
            "status": status,
            "milliseconds": 1.5,
        }
    )
    return TextFormatter(colour=colour).format(record)


def test_a_request_is_a_line_for_people(rf):
    line = shown(rf, "/api/traces?q=secret", RAW_URI="/api/traces/%2F?q=secret")
    assert re.fullmatch(r"\d\d:\d\d:\d\d GET /api/traces/%2F 200 1\.5 ms", line)
    assert " /api/traces 200 " in shown(rf, "/api/traces?q=secret")


@pytest.mark.parametrize("path", ["/\x1b[2Jx", "/a\r\nb", "/\u202eb", "/a\x00b", "/\x9b31m"])
def test_a_path_cannot_speak_to_the_terminal(rf, path):
    for line in (shown(rf, "/", RAW_URI=path), shown(rf, path)):
        assert line.isprintable()
        assert line.isascii()


def test_a_long_path_is_cut(rf):
    assert len(shown(rf, "/", RAW_URI="/" + "x" * 9000)) < 300


def test_only_refusals_and_failures_are_coloured(rf):
    assert "\033[3" not in shown(rf, "/", colour=True)
    assert "\033[33m404" in shown(rf, "/", colour=True, status=404)
    assert "\033[31m500" in shown(rf, "/", colour=True, status=500)
    assert "\033" not in shown(rf, "/", status=500)


def test_an_error_for_people_has_its_place_and_request():
    try:
        raise ValueError(SECRET)
    except ValueError:
        record = logging.makeLogRecord(
            {"name": "django.request", "levelname": "ERROR", "levelno": 40, "msg": SECRET,
             "status_code": 500, "request": SimpleNamespace(id="ours"), "exc_info": sys.exc_info()}
        )  # fmt: skip
    text = TextFormatter().format(record)
    assert "ERROR django.request: 500 Internal Server Error unknown request_id=ours" in text
    assert text.endswith("builtins.ValueError")
    assert SECRET not in text


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("form", "is_json"), [("auto", False), ("json", True)])
def test_a_terminal_is_for_people_unless_json_is_asked_for(tmp_path, form, is_json):
    port = free_port()
    command = [sys.executable, str(MANAGE), "serve", "--no-setup", "--no-workers"]
    ours, theirs = pty.openpty()
    environment = environment_for(url_of_database(), TUNIX_VAR=str(tmp_path), TUNIX_LOG=form)
    with subprocess.Popen(
        [*command, "--port", str(port)], env=environment, stderr=theirs, stdout=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        wait_until(lambda: answers(port))
        exchange(port, f"GET /api/traces?q={SECRET} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        process.terminate()
        seen = b""
        while chunk := read(ours):
            seen += chunk
    os.close(ours)
    text = seen.decode()
    assert SECRET not in text
    assert ("GET /api/traces \033[33m401" in text) == (not is_json)
    assert ('"message": "GET 401 api/traces/?$"' in text) == is_json


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_a_served_site_quotes_nothing_of_any_refusal(site, key_of):
    key = key_of("writer")
    with site.client(key) as client:
        client.post(f"/api/traces?{SECRET}={SECRET}", json=trace(prompt=SECRET))
        client.post("/api/traces", content=f'{{"{SECRET}": ', headers={"Cookie": f"a={SECRET}"})
        client.put(f"/api/traces/{SECRET}", json=SECRET)
        client.get("/api/traces", headers={"Accept": f"image/{SECRET}"})
        client.get(f"/api/datasets/{SECRET}/manifest", headers={"Host": f"{SECRET}.example"})
        client.post("/api-auth/login/", data={"username": SECRET, "password": SECRET})
    with site.client() as client:
        for path in (f"/api/traces/{SECRET}", f"/{SECRET}", f"/admin/{SECRET}"):
            client.get(path, headers=EVERYWHERE)
    for data in (f"{SECRET} / HTTP/1.1", f"GET /{SECRET} HTTP/9.9", f"GET / HTTP/1.1\r\nA{SECRET}"):
        exchange(site.port, data.encode() + b"\r\n\r\n")
    assert SECRET.lower() not in site.log.read_text().lower()
