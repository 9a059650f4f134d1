"""What a method does: reads write nothing, and a post sent twice is done once."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.routes import BODIES, DOCUMENT, GETS, METHODS, POSTS, ROUTES, is_detail, routes, success
from traces.models import Trace

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_a_method_that_is_not_there_is_405(client_as, world, path):
    there = {method for method in METHODS if (method, path) in ROUTES}
    for method in set(METHODS) - there:
        url = world.url((method, path)).partition("?")[0]
        response = getattr(client_as("trainer"), method)(url, {}, format="json")
        assert response.status_code == 405
        assert is_detail(response)
        assert all(name.upper() in response.json()["detail"] for name in {method, *there})
        allowed = {name.strip().lower() for name in response["Allow"].split(",")}
        assert allowed - {"head", "options"} == there


@routes(ROUTES)
def test_another_type_than_there_is_is_406(client_as, world, route):
    client = client_as("trainer")
    for accept in ("image/png", "text/csv;q=0.5", "nonsense", "image/*, audio/*"):
        response = world.call(client, route, headers={"Accept": accept})
        assert response.status_code == 406
        assert response["Content-Type"] == "application/json"
        assert is_detail(response)
        assert re.match(r"The answer is [\w.-]+/", response.json()["detail"])
    assert Trace.objects.count() == 2


@routes(ROUTES)
def test_answers_are_of_a_documented_type(client_as, world, route):
    method, path = route
    response = world.call(client_as("trainer"), route)
    described = DOCUMENT["paths"][path][method]["responses"][str(success(route))]
    types = list(described.get("content", {}))
    if types:
        assert response["Content-Type"].partition(";")[0] in types
    else:
        assert response.content == b""


@pytest.mark.parametrize("path", GETS)
def test_a_head_is_a_get_without_its_body(curator, world, path):
    url = world.url(("get", path))
    got, head = curator.get(url), curator.head(url)
    assert head.status_code == got.status_code == 200
    assert head.getvalue() == b""
    assert head["Content-Type"] == got["Content-Type"]


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_options_describe_the_route(curator, world, path):
    response = curator.options(world.url(("get", path)).partition("?")[0])
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


STORE_A_TRACE = ("/api/traces", "/api/traces/batch", "/api/traces/{id}/correct")


@routes(POSTS)
def test_any_post_sent_twice_under_one_key_is_done_once(client_as, world, route):
    client = client_as("trainer")
    headers = {"Idempotency-Key": "once"}
    first, second = (world.call(client, route, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == success(route)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    body = BODIES[route]
    other = [*body, *body] if isinstance(body, list) else {**body, "nonsense": 1}
    response = world.call(client, route, data=other, headers=headers)
    assert response.status_code == 422
    assert is_detail(response)
    assert Trace.objects.count() == 2 + (route[1] in STORE_A_TRACE)


@pytest.mark.parametrize("path", GETS)
def test_reads_write_nothing(curator, world, path):
    with CaptureQueriesContext(connection) as captured:
        curator.get(world.url(("get", path))).getvalue()
    verbs = {query["sql"].split()[0] for query in captured}
    # the check of health sets limits for its own transaction, where it did not do so of late
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE", "COPY", "SET"}
