"""Logs: JSON lines with a request id, and nothing of what people sent."""

import json
import logging
import re
from types import SimpleNamespace

import pytest
from django.db import connections
from gunicorn.config import Config

from tunix_site.logs import request_id
from tunix_site.serving import operations
from tunix_site.serving.server import ServerLogger
from tunix_site.tests.live import exchange
from tunix_site.tests.samples import trace

SECRET = "what-must-not-be-logged"


@pytest.mark.django_db
def test_a_request_is_one_line(reader, logged):
    reader.get("/api/traces?limit=1", headers={"X-Request-ID": "an.id_of-ours"})
    [line] = logged()
    assert line["message"] == "GET 200 api/traces/?$"
    assert (line["request_id"], line["status"]) == ("an.id_of-ours", 200)
    assert (line["name"], line["levelname"]) == ("tunix_site.requests", "INFO")
    assert line["milliseconds"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", line["asctime"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", [None, "", "a" * 65, "a b", "a\u00e9", "a\r\nX: y", '"a"', "a/b", "{asctime}", "%s"]
)
def test_a_request_without_a_plain_id_gets_one(reader, logged, given):
    headers = {} if given is None else {"X-Request-ID": given}
    response = reader.get("/api/traces", headers=headers)
    assert re.fullmatch("[0-9a-f]{32}", response["X-Request-ID"])
    assert logged()[-1]["request_id"] == response["X-Request-ID"]


@pytest.mark.django_db
def test_every_answer_names_its_request(client):
    headers = {"X-Request-ID": "ours"}
    for path in ("/api/health", "/nowhere", "/api/traces", "/admin/", "/static/none.css"):
        assert client.get(path, headers=headers)["X-Request-ID"] == "ours"
    assert request_id.get() == ""


@pytest.mark.django_db
def test_what_people_send_is_not_logged(writer, client, logged, monkeypatch):
    monkeypatch.setattr(connections["default"], "force_debug_cursor", True)  # as DEBUG has it
    writer.post("/api/traces", trace(prompt=SECRET, meta={SECRET: SECRET}), format="json")
    writer.post("/api/traces", trace(status=SECRET), format="json")
    writer.post("/api/traces/batch", [{SECRET: SECRET}], format="json")
    writer.get("/api/traces", {"source": SECRET, "meta.a": SECRET, SECRET: SECRET})
    writer.get(f"/api/traces/{SECRET}")
    writer.get(f"/{SECRET}")
    for value in (
        f"Token {SECRET}",
        f"Bearer {SECRET}",
        f"Bearer {SECRET} more",
        f"Basic {SECRET}",
    ):
        client.get(f"/api/traces?token={SECRET}", headers={"Authorization": value})
    client.post("/api-auth/login/", {"username": SECRET, "password": SECRET})
    lines = [json.dumps(line) for line in logged()]
    assert len(lines) >= 8
    assert not [line for line in lines if SECRET in line]


@pytest.mark.django_db
def test_an_exception_is_logged_by_its_place_and_type_alone(reader, logged, monkeypatch):
    def break_() -> bytes:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(SECRET) from error

    monkeypatch.setattr(operations, "metrics", SimpleNamespace(exposition=break_))
    reader.raise_request_exception = False
    response = reader.get("/metrics", headers={"X-Request-ID": "ours"})
    assert response.status_code == 500
    assert response.json() == {"detail": "Something broke here; the log says what."}
    lines = logged()
    [line] = [line for line in lines if line["levelname"] == "ERROR"]
    assert line["request_id"] == "ours"
    shown = line["exc_info"].splitlines()
    assert [text for text in shown if not text.startswith(" ")] == [
        "builtins.ValueError",
        "builtins.KeyError",
    ]
    assert any("in break_" in text for text in shown)
    assert SECRET not in json.dumps(lines)


def test_what_an_exception_hides_stays_hidden(logged):
    try:
        try:
            raise KeyError(SECRET)
        except KeyError:
            raise ValueError(SECRET) from None
    except ValueError:
        logging.getLogger("tunix_site").exception("it broke")
    [line] = logged()
    assert (line["message"], "KeyError" in line["exc_info"]) == ("it broke", False)
    assert line["request_id"] == ""


def test_the_servers_own_lines_are_of_the_same_kind(logged):
    configuration = Config()
    configuration.set("errorlog", None)
    configuration.set("loglevel", "error")
    log = ServerLogger(configuration)
    log.warning("Invalid request: %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("Error handling request %s %s", "GET", f"/api/traces?source={SECRET}")
    [line] = logged()
    assert (line["name"], line["message"]) == ("gunicorn.error", "Error handling request")
    assert line["exc_info"].endswith("builtins.ValueError")
    assert SECRET not in json.dumps(line)


@pytest.mark.live
def test_a_served_site_logs_json_and_nothing_of_what_was_sent(site, live_client):
    live_client.post("/api/traces", json=trace(prompt=SECRET, meta={"source": SECRET}),
                     headers={"X-Request-ID": "a-served-request"})  # fmt: skip
    live_client.get("/api/traces", params={"source": SECRET})
    for data in (
        SECRET.encode() + b"\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nAuthorization Token " + SECRET.encode() + b"\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n" + SECRET.encode() + b" : a\r\n\r\n",
    ):
        exchange(site.port, data)
    first, documentation, admin, *lines = site.log.read_text().splitlines()
    assert first == f"Serving on {site.url}/api/"
    assert documentation.split() == ["documentation", f"{site.url}/api/docs"]
    assert admin.split() == ["admin", f"{site.url}/admin/"]
    entries = [json.loads(line) for line in lines]
    [entry] = [entry for entry in entries if entry["request_id"] == "a-served-request"]
    assert entry["message"] == "POST 201 api/traces/?$"
    assert SECRET not in "".join(lines)
    assert live_client.headers["Authorization"].split()[1] not in "".join(lines)
