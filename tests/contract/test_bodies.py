"""What a body may be: JSON of the kind, with known fields and possible values."""

import json
from itertools import product

import pytest

from tests.routes import BODIES, DOCUMENT, is_detail, routes, success
from traces.models import Trace

pytestmark = pytest.mark.django_db


@routes(BODIES)
def test_an_unknown_body_field_is_refused(client_as, world, route):
    body = BODIES[route]
    many = isinstance(body, list)
    data = [{**body[0], "nonsense": 1}] if many else {**body, "nonsense": 1}
    response = world.call(client_as("trainer"), route, data=data)
    assert response.status_code == 400
    errors = response.json()
    if many:
        ((position, errors),) = [(one["index"], one["errors"]) for one in errors["errors"]]
        assert position == 0
    ((reason,),) = errors.values()
    assert list(errors) == ["nonsense"]
    assert reason.startswith("Unknown field. Known ones: ")
    assert set(reason.removesuffix(".").split(": ")[1].split(", ")) >= set(_fields(route))
    assert Trace.objects.count() == 2


NO_JSON = [
    b"{",
    b"nothing",
    b"\xff\xfe",
    b'{"a": 1,}',
    b"{} {}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
]
NO_DOCUMENT = [b"NaN", b'"\\ud800"', b"1e400", b"1" * 10_000, b"null", b"5", b'"text"', b"true"]


@routes(BODIES)
def test_a_body_that_is_no_json_of_the_kind_is_refused(client_as, world, route):
    client = client_as("trainer")
    for body in (*NO_JSON, *NO_DOCUMENT, b"[5]" if isinstance(BODIES[route], dict) else b"{}"):
        options = {"data": body, "format": None, "content_type": "application/json"}
        response = world.call(client, route, **options)
        assert response.status_code == 400, body[:20]
        expected = ["detail"] if body in NO_JSON else ["non_field_errors"]
        if isinstance(BODIES[route], list):
            expected = ["detail"]
        assert list(response.json()) == expected
    assert Trace.objects.count() == 2


@routes(BODIES)
def test_no_body_is_an_empty_one(client_as, world, route):
    options = {"data": b"", "format": None, "content_type": "application/json"}
    response = world.call(client_as("trainer"), route, **options)
    needs_none = route in (
        ("patch", "/api/traces/{id}"),
        ("post", "/api/traces/{id}/score"),
        ("post", "/api/datasets/preview"),
        ("post", "/api/queues/{id}/next"),
        ("patch", "/api/queues/{id}"),
    )
    assert response.status_code == (success(route) if needs_none else 400)
    world.trace.refresh_from_db()
    assert world.trace.status == "unreviewed"


HOSTILE = [
    "NaN",
    "-Infinity",
    "1e400",
    str(2**64),
    "9" * 5_000,
    '"\\u0000"',
    '"\\ud800"',
    '{"a":1,"a":2}',
    "[" * 101 + "]" * 101,
]


@routes(BODIES)
def test_a_hostile_value_is_refused_in_every_field(client_as, world, route):
    client = client_as("trainer")
    for name, value in product(_fields(route), HOSTILE):
        (body,) = BODIES[route] if isinstance(BODIES[route], list) else (BODIES[route],)
        text = json.dumps({**body, name: "HERE"}).replace('"HERE"', value)
        text = f"[{text}]" if isinstance(BODIES[route], list) else text
        options = {"data": text, "format": None, "content_type": "application/json"}
        response = world.call(client, route, **options)
        assert response.status_code == 400, (name, text[:200])
        assert name in response.content.decode()


def _fields(route):
    method, path = route
    request = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]
    schema = request["schema"].get("items", request["schema"])
    return DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]


@routes(BODIES)
def test_a_body_of_another_type_is_415(client_as, world, route):
    client = client_as("trainer")
    for other in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"):
        options = {"data": json.dumps(BODIES[route]), "format": None, "content_type": other}
        response = world.call(client, route, **options)
        assert response.status_code == 415
        assert is_detail(response)
        said = response.json()["detail"]
        assert 'curl -H "Content-Type: application/json" --data-binary @FILE' in said
        assert said.startswith("The body came as a form" if "form" in other else "The body must be")


def test_errors_of_fields_are_lists_of_messages_and_steps_are_by_position(writer):
    document = {
        "trace_version": "",
        "final_answer": 4,
        "steps": [
            {"i": 0, "type": "t", "content": "fine"},
            {"i": 0, "type": "t", "content": "the i is taken"},
            {"i": -1, "type": 5},
        ],
        "meta": {"source": 1},
    }
    errors = {
        "trace_version": ["This field may not be blank."],
        "prompt": ["This field is required."],
        "final_answer": ["Not a string."],
        "steps": {
            "1": {"i": ["Another step has this i."]},
            "2": {
                "i": ["Ensure this value is greater than or equal to 0."],
                "type": ["Not a string."],
                "content": ["This field is required."],
            },
        },
        "meta": ["source: Not a string of at most 128 characters."],
    }
    response = writer.post("/api/traces", document, format="json")
    assert (response.status_code, response.json()) == (400, errors)
    good = BODIES["post", "/api/traces"]
    response = writer.post("/api/traces/batch", [good, document], format="json")
    assert response.status_code == 400
    assert response.json() == {
        "detail": "Nothing was stored: 1 bad trace.",
        "errors": [{"index": 1, "errors": errors}],
    }
    response = writer.post("/api/traces/batch?on_error=skip", [good, document], format="json")
    assert response.status_code == 207
    assert response.json()["errors"] == [{"index": 1, "errors": errors}]
    assert response.json()["detail"] == "The rest was stored: 1 bad trace."
