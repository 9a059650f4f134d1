"""What errors are answered with: each kind its code, always JSON, never a 500 for what came in."""

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError, connections
from django.test import RequestFactory
from rest_framework.exceptions import NotFound
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request

from tunix_site import errors
from tunix_site.api import error_responses, parsers
from tunix_site.api.error_responses import exception_handler
from tunix_site.api.renderers import JSONRenderer
from tunix_site.serving import operations
from tunix_site.tests.samples import trace

NOWHERE = {"detail": "Not found. GET /api/schema names every route."}
AWAY = {"detail": "The database is not available."}


@pytest.fixture
def request_():
    return Request(RequestFactory().get("/api/traces"))


@pytest.mark.parametrize(
    ("error", "code", "body"),
    [
        (errors.Invalid({"detail": "no", "errors": []}), 400, {"detail": "no", "errors": []}),
        (errors.Conflict("It is taken."), 409, {"detail": "It is taken."}),
        (errors.TooLarge(1048576), 413, {"detail": "The body exceeds maximum of 1,048,576 bytes."}),
        (errors.KeyReused(), 422, {"detail": errors.KeyReused.default_detail}),
        (errors.Unavailable(), 503, AWAY),
        (errors.Unavailable("Away."), 503, {"detail": "Away."}),
        (errors.Busy("Later."), 503, {"detail": "Later."}),
        (
            parsers.UnsupportedEncoding(),
            415,
            {"detail": "Content-Encoding must be gzip or absent."},
        ),
        (NotFound("Nothing."), 404, {"detail": "Nothing."}),
        (OperationalError("host=secret"), 503, AWAY),
        (InterfaceError("host=secret"), 503, AWAY),
        (RequestDataTooBig(), 413, {"detail": "The body exceeds maximum of 1,048,576 bytes."}),
    ],
)
def test_each_kind_has_its_code(request_, monkeypatch, error, code, body):
    monkeypatch.setattr(connections["default"], "close", lambda: None)
    response = exception_handler(error, {"request": request_})
    assert (response.status_code, response.data) == (code, body)
    assert ("Retry-After" in response.headers) is (code == 503)


def test_what_is_no_answer_is_left_to_break(request_):
    for error in (ValueError("ours"), DataError("ours")):
        assert exception_handler(error, {"request": request_}) is None


@pytest.mark.parametrize(
    ("agreed", "kept"),
    [
        (None, False),
        (operations.PlainTextRenderer(), False),
        (BrowsableAPIRenderer(), True),
        (JSONRenderer(), True),
    ],
)
def test_errors_are_json_or_shown_in_the_browser(request_, agreed, kept):
    request_.accepted_renderer = agreed
    exception_handler(NotFound(), {"request": request_})
    if kept:
        assert request_.accepted_renderer is agreed
    else:
        assert isinstance(request_.accepted_renderer, JSONRenderer)
        assert request_.accepted_media_type == "application/json"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere", "/api/traces/a/b/c", "/static/none"])
def test_a_path_that_is_not_there_is_404_in_json(client, path):
    response = client.get(path, headers={"Accept": "text/html"})
    assert (response.status_code, response.json()) == (404, NOWHERE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda request: error_responses.bad_request(request, SuspiciousOperation("x")), 400),
        (lambda request: error_responses.forbidden(request, PermissionError("x")), 403),
        (lambda request: error_responses.not_found(request, LookupError("x")), 404),
        (error_responses.server_error, 500),
        (lambda request: error_responses.error_answer(request, 503, "Away."), 503),
    ],
)
def test_pages_of_errors_are_json_and_quote_nothing(rf, answer, code):
    response = answer(rf.get("/"))
    assert (response.status_code, response["Content-Type"]) == (code, "application/json")
    assert b"x" not in response.content.replace(b"x-", b"")
    assert response.get("Retry-After") == ("5" if code == 503 else None)


@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["image/png", "application/xml"])
@pytest.mark.parametrize(
    "path", ["/metrics", "/api/schema", "/api/docs", "/api/datasets/x/export.jsonl"]
)
def test_a_type_that_is_not_there_is_406_in_json(reader, path, accept):
    response = reader.get(path, headers={"Accept": accept})
    assert (response.status_code, list(response.json())) == (406, ["detail"])


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "trace"])
@pytest.mark.parametrize("path", ["/api", "/metrics", "/api/schema", "/api/docs"])
def test_a_method_that_is_not_there_is_405_in_json(reader, path, method):
    response = getattr(reader, method)(path, headers={"Accept": "*/*"})
    assert (response.status_code, list(response.json())) == (405, ["detail"])
    assert "GET" in response["Allow"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ('application/json; charset="UTF8"', 201),
        ("application/json; version=2; charset=utf-8", 201),
        ("application/json; charset=latin-1", 415),
        ("application/json; charset=utf-16", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_bodies_are_json_in_utf_8(writer, kind, code):
    body = JSONRenderer().render(trace(prompt="\u00fc"))
    assert writer.generic("POST", "/api/traces", body, content_type=kind).status_code == code


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 9999, b"\xff", b"[]", b"5", b"null", b'"a"', b"NaN", b'{"a":1,"a":1}'],
)
def test_what_is_no_object_is_400(writer, body):
    response = writer.generic("POST", "/api/traces", body, content_type="application/json")
    assert response.status_code == 400
    assert isinstance(response.json(), dict)


@pytest.mark.django_db
def test_answers_are_indented_when_asked(reader):
    plain = reader.get("/api/traces", headers={"Accept": "application/json"}).content
    indented = reader.get("/api/traces", headers={"Accept": "application/json; indent=2"}).content
    assert plain == b'{"next":null,"previous":null,"results":[]}'
    assert indented.startswith(b'{\n  "next": null,\n')


def test_nothing_is_rendered_as_nothing():
    assert JSONRenderer().render(None) == b""


def test_a_stream_is_never_rendered():
    with pytest.raises(AssertionError, match="the view gives its own response"):
        operations.PlainTextRenderer().render({})
