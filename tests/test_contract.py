"""What holds for every route: paths, keys, roles, strictness, and the shapes of what comes back."""

import json
import re
import sys
from itertools import product
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from rest_framework.test import APIClient

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from evalsets.models import EvalSet
from evalsets.tests.factories import EvalSetFactory
from events.models import Event
from jobs.models import Job
from jobs.tests.factories import JobFactory
from tests.routes import (
    BODIES,
    DOCUMENT,
    GETS,
    HEALTH,
    METHODS,
    OF_SUPERUSERS,
    POSTS,
    ROUTES,
    STREAMS,
    WITH_IDS,
    World,
    success,
)
from traces.curation.queues import Queue, SavedFilter
from traces.models import Preference, Review, Trace
from traces.tests.factories import TraceFactory
from training import programs
from tunix_site import __version__

pytestmark = pytest.mark.django_db

# What the document leaves out: the pages for people, and the document itself.
PAGES = ["/api", "/api/schema", "/api/docs"]
RANKS = ["reader", "writer", "curator", "trainer"]
ROLES = {
    **dict.fromkeys([("get", path) for path in GETS], "reader"),
    ("get", "/api/events"): "curator",
    ("post", "/api/traces"): "writer",
    ("post", "/api/traces/batch"): "writer",
    ("post", "/api/traces/import"): "writer",
    ("post", "/api/traces/bulk"): "curator",
    ("post", "/api/traces/bulk-delete"): "trainer",  # and a superuser
    ("patch", "/api/traces/{id}"): "curator",
    ("delete", "/api/traces/{id}"): "curator",
    ("post", "/api/traces/{id}/score"): "curator",
    ("post", "/api/traces/score-all"): "curator",
    ("post", "/api/scores/batch"): "curator",
    ("post", "/api/rewards/preview"): "reader",
    ("post", "/api/preferences"): "curator",
    ("post", "/api/queues"): "curator",
    ("patch", "/api/queues/{id}"): "curator",
    ("delete", "/api/queues/{id}"): "curator",
    ("post", "/api/queues/{id}/next"): "curator",
    ("post", "/api/claims/{id}/renew"): "curator",
    ("delete", "/api/claims/{id}"): "curator",
    ("post", "/api/reviews/{id}/undo"): "curator",
    ("post", "/api/filters"): "reader",
    ("delete", "/api/filters/{id}"): "reader",
    ("delete", "/api/preferences/{id}"): "curator",
    ("post", "/api/traces/{id}/reviews"): "curator",
    ("post", "/api/traces/{id}/correct"): "curator",
    ("post", "/api/datasets/build"): "curator",
    ("post", "/api/datasets/preview"): "reader",
    ("delete", "/api/datasets/{key}"): "curator",
    ("post", "/api/evalsets"): "curator",
    ("post", "/api/evalsets/from-dataset"): "curator",
    ("post", "/api/evalsets/generate"): "curator",
    ("delete", "/api/evalsets/{key}"): "curator",
    ("delete", "/api/jobs/{id}"): "reader",
    ("post", "/api/jobs/{id}/undo"): "curator",
}
KEYED = [route for route in ROUTES if route != HEALTH]
LISTS = {
    "/api/events": "id",
    "/api/traces": "id",
    "/api/evalsets": "key",
    "/api/datasets": "dataset_key",
    "/api/preferences": "id",
    "/api/queues": "id",
    "/api/reviews": "id",
    "/api/filters": "id",
    "/api/jobs": "id",
}


def routes(chosen):
    return pytest.mark.parametrize("route", chosen, ids=" ".join)


@pytest.fixture(autouse=True)
def _programs_can_be_run(monkeypatch):
    """Have the training environment be there: whatever would be run, is not."""
    monkeypatch.setattr(programs, "PYTHON", Path(sys.executable))


@pytest.fixture
def world(db):
    return World()


def is_detail(response) -> bool:
    body = response.json()
    return list(body) == ["detail"] and isinstance(body["detail"], str)


def test_every_route_is_in_the_document():
    served = {
        re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", prefix + pattern)
        for prefix, pattern in _patterns(get_resolver().url_patterns)
        if (prefix + pattern).startswith(("api/", "metrics"))
    }
    documented = {path.strip("/").replace("{id}", "{pk}") for path in DOCUMENT["paths"]}
    pages = {page.strip("/") for page in PAGES}
    assert served - pages == documented


def _patterns(entries, prefix=""):
    for entry in entries:
        pattern = str(entry.pattern).lstrip("^").removesuffix("$").removesuffix("/?")
        if hasattr(entry, "url_patterns"):
            yield from _patterns(entry.url_patterns, prefix + pattern)
        else:
            yield prefix, pattern.replace("\\.", ".")


def test_every_route_with_a_body_is_tried_here():
    with_a_body = {
        (method, path)
        for method, path in ROUTES
        if "requestBody" in DOCUMENT["paths"][path][method]
    }
    assert {*BODIES, *STREAMS} == with_a_body


@routes(ROUTES)
@pytest.mark.parametrize("slash", ["", "/"])
def test_paths_work_with_and_without_a_slash(client_as, world, route, slash):
    path, question, query = world.url(route).partition("?")
    response = world.call(client_as("trainer"), route, path + slash + question + query)
    assert response.status_code == success(route)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("slash", ["", "/"])
def test_pages_work_with_and_without_a_slash(reader, path, slash):
    assert reader.get(path + slash).status_code == 200


@routes(KEYED)
def test_nothing_is_answered_without_a_key(world, route):
    for key in (
        None,
        "",
        "Token",
        "Token unknown",
        "Token a b",
        "Token \xff",
        "Bearer x",
        "Basic x",
    ):
        client = APIClient()
        if key is not None:
            client.credentials(HTTP_AUTHORIZATION=key)
        response = world.call(client, route)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="Tunix RT"'
        assert is_detail(response)
    assert Trace.objects.count() == 2
    assert Dataset.objects.existing().count() == 1


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_shown_without_a_key(client, path):
    assert client.get(path).status_code == 401


def test_people_who_open_the_docs_are_asked_to_log_in(client):
    response = client.get("/api/docs", headers={"Accept": "text/html,*/*"})
    assert response.status_code == 302
    assert response["Location"] == "/api-auth/login/?next=/api/docs"


def test_health_needs_no_key(client):
    response = client.get("/api/health")
    assert response.status_code == 200
    assert response.json() == {"status": "healthy", "database": "ok", "version": __version__}


def test_the_table_of_roles_is_complete():
    assert set(ROLES) == set(ROUTES)


@routes(KEYED)
def test_each_role_may_what_the_table_says(client_as, world, route):
    needed = RANKS.index(ROLES[route])
    for role in RANKS[:needed]:
        response = world.call(client_as(role), route)
        assert response.status_code == 403
        assert response.json() == {"detail": f"This needs the role {ROLES[route]}."}
    assert Trace.objects.count() == 2
    assert Dataset.objects.existing().count() == 1
    assert world.call(client_as(RANKS[needed]), route).status_code == success(route)


@routes([route for route in KEYED if route not in OF_SUPERUSERS])
def test_a_user_without_a_role_may_nothing(client_as, world, route):
    client = client_as("trainer")
    User.groups.through.objects.all().delete()
    assert world.call(client, route).status_code == 403


@routes(KEYED)
def test_a_superuser_may_all(client_as, world, route):
    client = client_as("trainer")
    User.groups.through.objects.all().delete()
    User.objects.update(is_superuser=True)
    assert world.call(client, route).status_code == success(route)


def parameters(route):
    """Name the query parameters of a route."""
    method, path = route
    found = DOCUMENT["paths"][path][method].get("parameters", [])
    return [one["name"] for one in found if one["in"] == "query"]


@routes(ROUTES)
def test_an_unknown_query_parameter_is_refused(client_as, world, route):
    client, url = client_as("trainer"), world.url(route)
    for query in ("nonsense=1", "Limit=1", "%00=%00", "=", "limit[]=1", "_method=PUT"):
        response = world.call(client, route, f"{url}{'&' if '?' in url else '?'}{query}")
        assert response.status_code == 400
        ((reason,),) = response.json().values()
        assert reason.startswith("Unknown parameter. ")
        for name in parameters(route):
            assert name in reason
    assert Trace.objects.count() == 2


@pytest.mark.parametrize("path", PAGES)
def test_pages_refuse_them_too(reader, path):
    assert reader.get(f"{path}?nonsense=1").status_code == 400


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


NOBODY = [
    "00000000-0000-7000-8000-000000000000",
    "nobody-1",
    "%00",
    "a%00b",
    "%ff",
    "%F0%9F",
    "%0a",
    "..",
    "%2e%2e%2f",
    "a" * 5_000,
    "{}",
    "'; --",
]


@routes(WITH_IDS)
def test_an_unknown_name_is_404(client_as, world, route):
    client = client_as("trainer")
    for name in NOBODY:
        response = world.call(client, route, world.url(route, id=name, key=name))
        assert response.status_code == 404
        assert response["Content-Type"] == "application/json"
        assert is_detail(response)
        assert "not found" in response.json()["detail"].lower()
        assert len(response.content) < 300
    assert Trace.objects.count() == 2
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere", "/api/traces/x/nowhere", "/api//"])
def test_an_unknown_path_is_404(reader, path):
    response = reader.get(path)
    assert response.status_code == 404
    assert response.json() == {"detail": "Not found. GET /api/schema names every route."}


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


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_newest_first_page_by_page_and_counted_when_asked(curator, path):
    traces = TraceFactory.create_batch(5)
    reviewer = User.objects.create_user("somebody")
    for number in range(5):
        one, other = traces[number], traces[number - 1]
        Preference.objects.create(chosen=one, rejected=other, reviewer=reviewer)
        Review.objects.create(trace=one, reviewer=reviewer, verdict="flagged")
        Queue.objects.create(name=str(number), order="oldest")
        SavedFilter.objects.create(name=str(number), owner=reviewer, team=True)
        DatasetFactory()
        EvalSetFactory()
        JobFactory()
    newest_first = {
        "/api/events": [
            str(pk) for pk in Event.objects.order_by("-id").values_list("pk", flat=True)
        ],
        "/api/traces": [
            str(pk) for pk in Trace.objects.order_by("-id").values_list("pk", flat=True)
        ],
        "/api/datasets": list(Dataset.objects.order_by("-id").values_list("key", flat=True)),
        "/api/evalsets": list(EvalSet.objects.order_by("-id").values_list("key", flat=True)),
        "/api/preferences": list(Preference.objects.order_by("-id").values_list("pk", flat=True)),
        "/api/jobs": [str(pk) for pk in Job.objects.order_by("-id").values_list("pk", flat=True)],
        "/api/queues": list(Queue.objects.order_by("-id").values_list("pk", flat=True)),
        "/api/reviews": list(Review.objects.order_by("-id").values_list("pk", flat=True)),
        "/api/filters": list(SavedFilter.objects.order_by("-id").values_list("pk", flat=True)),
    }[path]
    page = curator.get(path).json()
    assert list(page) == ["next", "previous", "results"]
    assert [row[LISTS[path]] for row in page["results"]] == newest_first
    assert list(curator.get(f"{path}?count=false").json()) == list(page)
    page = curator.get(f"{path}?limit=2&count=true").json()
    assert (page["count"], page["previous"]) == (len(newest_first), None)
    seen, last = [], page
    while True:
        seen += [row[LISTS[path]] for row in last["results"]]
        if not last["next"]:
            break
        last = curator.get(last["next"]).json()
        assert last["count"] == len(newest_first)
    assert seen == newest_first
    before = curator.get(curator.get(page["next"]).json()["previous"]).json()
    assert before["results"] == page["results"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=1e1",
        "limit= 1",
        "limit=%D9%A1",
        "limit=99999999999999999999",
        "limit=",
        "limit=1&limit=1",
        "count=1",
        "count=True",
        "count=",
        "cursor=",
        "cursor=x",
        "cursor=%00",
        "cursor=%ff",
        "cursor=cD1hJTAwYg%3D%3D",  # p=a%00b
        "cursor=bz0tMQ%3D%3D",  # o=-1
        "cursor=cD0tMQ%3D%3D",  # p=-1
        "cursor=" + "a" * 501,
    ],
)
def test_a_bad_page_is_refused(curator, path, query):
    response = curator.get(f"{path}?{query}")
    assert response.status_code == 400
    (name,) = response.json()
    assert query.startswith(f"{name}=")


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


def test_the_document_says_what_is_refused():
    for route in KEYED:
        method, path = route
        responses = DOCUMENT["paths"][path][method]["responses"]
        assert {"400", "401", "403", "406", "503"} <= set(responses), route
        if "{" in path:
            assert "404" in responses
        if route in BODIES:
            assert {"413", "415"} <= set(responses), route
    assert DOCUMENT["openapi"].startswith("3.1")
    for name in _closed_bodies():
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


def _closed_bodies():
    for method, path in BODIES:
        request = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]
        schema = request["schema"].get("items", request["schema"])
        yield schema["$ref"].rpartition("/")[2]
    yield from ("StepRequest", "TraceFiltersRequest")


@pytest.mark.parametrize("value", ["%ff", "%C3", "%ed%a0%80", "a%00%fe"])
def test_a_query_that_is_not_utf_8_is_refused(reader, value):
    response = reader.get("/api/traces", QUERY_STRING=f"source={value}")
    assert response.status_code == 400
    assert response.json() == {"source": ["Not UTF-8."]}
