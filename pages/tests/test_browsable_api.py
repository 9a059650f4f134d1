"""The API in a browser: what it shows, what it offers to whom, and its examples."""

import json
import re
import sys
from html import unescape
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pages.browsable.links import AS_SENT, Links
from pages.browsable.written import MAX_SHOWN, written
from pages.tests.hostile import ATTACK, hostile
from pages.tests.markup import Markup, text_of
from tests.routes import BODIES, DOCUMENT, TRACE_ID, World
from traces.models import Trace
from traces.tests.factories import TraceFactory
from training import programs
from tunix_site.tests.people import give_role

pytestmark = pytest.mark.django_db

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def world(db, monkeypatch) -> World:
    monkeypatch.setattr(programs, "PYTHON", Path(sys.executable))
    return World()


def shown(client: Client, address: str, code: int = 200) -> str:
    answer = client.get(address, headers=HTML)
    assert answer.status_code == code, answer.content
    assert answer["Content-Type"].startswith("text/html")
    return answer.content.decode()


def links_of(page: str) -> dict[str, str]:
    """Give what stands in each link of the answer, and where it leads."""
    answer = page[page.index('id="answer"') : page.index("</section>")]
    found = re.findall(r'<a href="([^"]+)">([^<]+)</a>', answer)
    return {unescape(text).strip('"'): unescape(address) for address, text in found}


def methods_of(page: str) -> list[str]:
    return re.findall(r'<form [^>]*data-method="(\w+)"', page)


def examples_of(page: str, method: str) -> dict[str, str]:
    """Give the examples of a form by their media type."""
    form = page.partition(f'data-method="{method}"')[2].partition("</form>")[0]
    options = [given for tag, given in Markup(f"<form{form}</form>").elements if tag == "option"]
    return {str(given["value"]): str(given["data-example"]) for given in options}


def test_a_list_says_what_it_is_and_leads_to_what_it_names(reader):
    trace = TraceFactory(prompt="What is 2 + 2?")
    page = shown(reader, "/api/traces?limit=1")
    assert '<html lang="en">' in page
    assert 'name="viewport"' in page
    assert "<title>Traces | Tunix RT</title>" in page
    assert "List traces, newest first" in page
    assert links_of(page) == {str(trace.pk): f"/api/traces/{trace.pk}"}
    assert "What is 2 + 2?" in page


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/api", "API"),
        ("/api/", "API"),
        ("/api/evalsets", "Evaluation sets"),
        ("/api/traces/prompts", "Traces: prompts"),
        (f"/api/traces/{TRACE_ID}/reviews/", f"Trace {TRACE_ID}: reviews"),
        ("/api/datasets/built-1", "Dataset built-1"),
        ("/api/datasets/built-1/lineage", "Dataset built-1: lineage"),
    ],
)
def test_each_page_has_a_title_of_its_own(reader, world, path, title):
    page = shown(reader, path)
    assert f"<title>{title} | Tunix RT</title>" in page
    assert f"<h1><bdi>{title}</bdi></h1>" in page


def test_the_way_leads_back_to_what_is_there(reader, world):
    page = shown(reader, f"/api/traces/{TRACE_ID}/reviews")
    way = page.partition('class="way"')[2].partition("</nav>")[0]
    assert re.findall(r'href="([^"]+)"', way) == ["/api", "/api/traces", f"/api/traces/{TRACE_ID}"]


def test_ids_of_every_kind_lead_to_what_they_name(curator, world):
    for path, names in {
        f"/api/traces/{TRACE_ID}": {TRACE_ID: f"/api/traces/{TRACE_ID}"},
        "/api/datasets": {"built-1": "/api/datasets/built-1"},
        f"/api/evalsets/{world.evalset.key}": {
            world.evalset.key: f"/api/evalsets/{world.evalset.key}"
        },
        "/api/jobs": {str(world.job.pk): f"/api/jobs/{world.job.pk}"},
        "/api/queues": {str(world.queue.pk): f"/api/queues/{world.queue.pk}"},
        "/api/preferences": {TRACE_ID: f"/api/traces/{TRACE_ID}"},
        "/api/": {"http://testserver/api/traces": "/api/traces"},
    }.items():
        found = links_of(shown(curator, path))
        assert found.items() >= names.items(), path
        for address in names.values():
            assert curator.get(address, headers=HTML).status_code == 200


def test_an_event_leads_to_what_it_happened_to(curator):
    made = str(TraceFactory().pk)
    curator.patch(f"/api/traces/{made}", {"status": "approved"}, format="json")
    assert links_of(shown(curator, "/api/events"))[made] == f"/api/traces/{made}"


def test_an_answer_that_names_a_job_leads_to_the_job(curator, world):
    body = BODIES["post", "/api/traces/bulk"]
    answer = curator.post("/api/traces/bulk", body, format="json", headers=HTML)
    assert answer.status_code == 202
    [(job, address)] = links_of(answer.content.decode()).items()
    assert address == f"/api/jobs/{job}" == answer["Location"].removeprefix("http://testserver")


@pytest.mark.parametrize("name", sorted(AS_SENT))
def test_what_people_sent_is_no_link(name):
    body = {name: {"trace": TRACE_ID, "next": "http://here/api/traces", "id": TRACE_ID}}
    html = written(json.dumps(body).encode(), Links(site="http://here/", of_route="trace-detail"))
    assert "<a " not in html.html


@pytest.mark.parametrize(
    "value",
    [
        *("http://evil.example/api/traces", "http://here//evil.example", "javascript:alert(1)"),
        *("http://here.evil.example/api/", "//here/api/", "/api/traces", "", 7, True, None),
    ],
)
def test_an_address_elsewhere_is_no_link(value):
    assert Links(site="http://here/").address(("next",), value, {}) is None
    of_root = Links(site="http://here/", is_root=True).address(("next",), value, {})
    assert of_root in (None, "/evil.example")


@pytest.mark.parametrize("name", ["trace", "dataset_key", "queue", "job", "trace_ids"])
@pytest.mark.parametrize(
    "value", ['"><script>', "../..", "//evil.example", "a b", "\u202e", "9" * 40, -1, 1.5, {}]
)
def test_an_id_that_can_be_none_is_no_link(name, value):
    found = Links(site="http://here/").address((name,), value, {})
    assert found is None or (name, found) == ("dataset_key", f"/api/datasets/{value}")


def test_nothing_that_a_trace_says_is_more_than_text(curator):
    trace = TraceFactory(**hostile()).pk
    for address in (f"/api/traces/{trace}", "/api/traces", f"/api/traces?q={ATTACK[:90]}"):
        page = shown(curator, address)
        there = Markup(page)
        assert there.tags.isdisjoint({"svg", "iframe", "style", "img", "base"})
        assert not [name for name in there.attributes if name.startswith("on")]
        assert [given.get("src") for tag, given in there.elements if tag == "script"] == [
            "/static/pages/browsable/sending.js",
            "/static/pages/shared/forms.js",
            "/static/pages/shared/leaving.js",
        ]
        assert "\u202e" not in page
    assert "U+202E" in shown(curator, f"/api/traces/{trace}")


def test_a_name_in_the_address_is_text_as_well(reader):
    page = shown(reader, "/api/traces/%3Cscript%3Ealert(1)%E2%80%AE", 404)
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_a_page_asks_nothing_of_another_host_and_runs_nothing_of_its_own(reader, client):
    for page in (reader.get("/api/traces", headers=HTML), client.get("/api-auth/login/")):
        assert (
            "default-src 'none'; script-src 'self'; style-src 'self';"
            in page["Content-Security-Policy"]
        )
        assert page["Cache-Control"] == "no-store"
        html = page.content.decode()
        assert not re.search(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=", html)
        there = Markup(html).elements
        assets = [
            given.get("src") or given.get("href")
            for tag, given in there
            if tag in ("script", "link")
        ]
        assert len(assets) >= 3
        for address in assets:
            assert client.get(str(address)).getvalue()


def test_a_long_answer_is_shown_up_to_a_bound(curator):
    steps = [{"i": i, "type": "t", "content": "<" * 20_000} for i in range(45)]
    trace = curator.post(
        "/api/traces", {**BODIES["post", "/api/traces"], "steps": steps}, format="json"
    ).json()["id"]
    page = shown(curator, f"/api/traces/{trace}")
    assert len(page) < 6 * MAX_SHOWN
    assert "This is the beginning of" in page
    assert page.count("&lt;") <= MAX_SHOWN
    assert "This is the beginning of" not in shown(curator, "/api/traces")


@pytest.mark.parametrize("size", [MAX_SHOWN - 2, MAX_SHOWN - 1, 10 * MAX_SHOWN])
def test_the_bound_holds_to_the_character(size):
    for value in ("x" * size, {"x" * size: 1}, [["x" * size]]):
        found = written(json.dumps(value).encode(), Links(site="http://here/"))
        assert len(Markup(found.html).text) <= MAX_SHOWN
        assert found.is_whole is (len(json.dumps(value, indent=2)) <= MAX_SHOWN)


@pytest.mark.parametrize("value", [None, 1, "a", [], {}, [1, [2]], {"a": {"b": [None, True]}}])
def test_what_is_shown_is_the_json_that_it_was(value):
    found = written(json.dumps(value).encode(), Links(site="http://here/"))
    assert json.loads(Markup(found.html).text) == value
    assert Markup(found.html).text == json.dumps(value, indent=2)


@pytest.mark.parametrize("route", BODIES)
def test_each_form_has_the_documents_example_and_what_it_sends_is_answered(world, client_as, route):
    """One source: what the OpenAPI document shows. It is taken, or refused with a reason."""
    trainer = client_as("trainer")
    method, path = route
    world.give(trainer._credentials["HTTP_AUTHORIZATION"], route)
    page = trainer.get(world.url(route), headers=HTML).content.decode()
    told = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]
    example = examples_of(page, method.upper())["application/json"]
    assert json.loads(example) == told["example"]
    assert example in Markup(page).text
    sent = {"data": example, "content_type": "application/json", "headers": HTML}
    answer = getattr(trainer, method)(world.url(route), **sent)
    code, found = answer.status_code, text_of_answer(answer)
    assert code in (200, 201, 202, 204) or (code in (400, 404, 409) and len(found) > 20), found


def text_of_answer(answer) -> str:
    page = answer.content.decode()
    told = page.partition('id="answer"')[2].partition("</section>")[0]
    return Markup(f"<section {told}</section>").text


TAKEN = [
    *("/api/traces", "/api/traces/batch", "/api/traces/bulk", "/api/traces/score-all"),
    *("/api/queues", "/api/filters", "/api/datasets/preview", "/api/evalsets"),
    *("/api/rewards/preview", "/api/queues/{id}/next", "/api/traces/{id}/score"),
]


@pytest.mark.parametrize("path", TAKEN)
def test_an_example_that_needs_nothing_else_is_taken(world, curator, path):
    route = ("post", path)
    page = curator.get(world.url(route), headers=HTML).content.decode()
    example = examples_of(page, "POST")["application/json"]
    world.give(curator._credentials["HTTP_AUTHORIZATION"], route)
    answer = curator.post(world.url(route), example, content_type="application/json", headers=HTML)
    assert answer.status_code in (200, 201, 202), text_of_answer(answer)


def test_lines_are_sent_as_lines(curator, writer):
    page = shown(curator, "/api/evalsets")
    examples = examples_of(page, "POST")
    assert list(examples) == ["application/json", "application/x-ndjson"]
    answer = curator.post(
        "/api/evalsets?name=lines&version=1",
        examples["application/x-ndjson"],
        content_type="application/x-ndjson",
        headers=HTML,
    )
    assert answer.status_code == 201
    [(kind, example)] = examples_of(shown(writer, "/api/traces/import", 405), "POST").items()
    answer = writer.post("/api/traces/import", example, content_type=kind, headers=HTML)
    assert answer.status_code == 200
    assert Trace.objects.count() == 1


def test_what_is_refused_is_told_on_a_page(writer):
    answer = writer.post("/api/traces", "{", content_type="application/json", headers=HTML)
    assert answer.status_code == 400
    assert "400 Bad Request" in answer.content.decode()
    assert "JSON looks like" in text_of_answer(answer)


def test_forms_are_for_whoever_may_send_them(reader, writer, curator, world):
    one = f"/api/traces/{TRACE_ID}"
    assert methods_of(shown(reader, "/api/traces")) == []
    assert methods_of(shown(reader, "/api/filters")) == ["POST"]
    assert methods_of(shown(writer, "/api/traces")) == ["POST"]
    assert methods_of(shown(writer, one)) == []
    assert methods_of(shown(curator, one)) == ["PATCH", "DELETE"]
    assert methods_of(shown(writer, "/api/evalsets/from-dataset", 405)) == []
    assert methods_of(shown(curator, "/api/evalsets/from-dataset", 405)) == ["POST"]


def test_a_deletion_is_the_last_form_and_asks_first(curator, world):
    page = shown(curator, f"/api/traces/{TRACE_ID}")
    form = page.partition('data-method="DELETE"')[2]
    assert 'type="checkbox" name="sure" required' in form
    assert "<form" not in form


def test_an_answer_without_a_body_is_a_page_too(curator, world):
    answer = curator.delete(f"/api/traces/{TRACE_ID}", headers=HTML)
    assert "204 No Content" in answer.content.decode()
    assert "The answer has no body." in answer.content.decode()


def test_who_is_nobody_is_told_to_log_in(client):
    page = shown(client, "/api/traces?limit=5", 401)
    assert "Who are you?" in page
    assert 'href="/api-auth/login/?next=%2Fapi%2Ftraces%3Flimit%3D5"' in page
    assert methods_of(page) == []


def test_pages_of_a_list_follow_each_other(reader):
    traces = [TraceFactory() for _ in range(3)]
    first = shown(reader, "/api/traces?limit=2")
    [older] = re.findall(r'rel="next" href="([^"]+)"', first)
    assert 'rel="prev"' not in first
    second = shown(reader, unescape(older))
    assert str(traces[0].pk) in second
    assert 'rel="prev"' in second


def test_each_parameter_of_an_address_is_told(reader):
    page = shown(reader, "/api/traces")
    listed = re.findall(r"<dt><code>([\w.]+)</code></dt><dd>([^<]*)</dd>", page)
    told = DOCUMENT["paths"]["/api/traces"]["get"]["parameters"]
    assert {name for name, _ in listed} == {one["name"] for one in told if one["in"] == "query"}


def test_a_page_costs_one_query_more_than_its_json(reader, django_assert_num_queries):
    user = User.objects.get(username="a reader")
    browser = Client()
    browser.force_login(user)
    browser.get("/api/traces")
    with django_assert_num_queries(4):  # the session, its user, the role; the list
        browser.get("/api/traces", headers={"Accept": "application/json"})
    with django_assert_num_queries(5):  # the role again, for the forms
        browser.get("/api/traces", headers=HTML)


@pytest.fixture
def people(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a quick one

    def make(name: str, *roles: str, **fields: bool) -> User:
        user = User.objects.create_user(name, password="something long", **fields)
        for role in roles:
            give_role(user, role)
        return user

    return make


def log_in(client: Client, name: str, password: str = "something long"):
    return client.post("/api-auth/login/", {"username": name, "password": password})


@pytest.mark.parametrize("role", ["reader", "writer", "curator", "trainer"])
def test_each_role_logs_in_and_out(client, people, role):
    people("somebody", role)
    assert log_in(client, "somebody").url == "/api/"
    page = shown(client, "/api/")
    assert "somebody" in page
    assert '<form class="who leaving"' in page  # which takes along what was not sent
    assert "pages/shared/leaving" in page
    out = client.post("/api-auth/logout/")
    assert out.url == "/api-auth/login/"
    assert client.get("/api/").status_code == 401


def test_a_login_says_what_is_wrong_and_keeps_the_name(client, people):
    people("ada", "reader")
    people("gone", "reader", is_active=False)
    people("new")
    wrong = "There is nobody of this name with this password."
    assert wrong in text_of(log_in(client, "ada", "something else"))
    assert wrong in text_of(log_in(client, "gone", "something else"))
    assert "gone may not sign in any more" in text_of(log_in(client, "gone"))
    assert "new may not enter yet: a role is missing." in text_of(log_in(client, "new"))
    empty = log_in(client, "ada", "")
    assert "This field is required." in text_of(empty)
    assert 'value="ada"' in empty.content.decode()
    assert client.get("/api/").status_code == 401


def test_who_is_logged_in_is_told_so_before_another_login(client, people):
    client.force_login(people("ada", "reader"))
    assert "You are ada." in text_of(client.get("/api-auth/login/"))
