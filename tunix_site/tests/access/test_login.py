"""People: the login page, sessions, CSRF and the browsable API."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tunix_site import __version__
from tunix_site.models import Role
from tunix_site.tests.people import give_role
from tunix_site.tests.samples import trace

pytestmark = pytest.mark.django_db

LOGIN = "/api-auth/login/"
HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)> http://a\"onclick='b'"


@pytest.fixture
def user(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a quick one
    user = User.objects.create_user("someone", password="something long")
    give_role(user, Role.WRITER)
    return user


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True, headers={"Accept": "text/html"})


def log_in(browser: Client, **fields):
    page = browser.get(LOGIN).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    return browser.post(
        LOGIN,
        {
            "username": "someone",
            "password": "something long",
            "csrfmiddlewaretoken": token,
            **fields,
        },
    )


def post_trace(browser: Client, **headers):
    return browser.post(
        "/api/traces",
        trace(),
        content_type="application/json",
        headers={"Accept": "application/json", **headers},
    )


def test_the_login_page_starts_a_session(browser, user):
    response = log_in(browser)
    assert (response.status_code, response["Location"]) == (302, "/api/")
    assert browser.get("/api/traces").status_code == 200
    assert response.cookies["sessionid"]["httponly"]


def test_the_login_page_goes_on_to_where_one_came_from(browser, user):
    assert log_in(browser, next="/api/docs")["Location"] == "/api/docs"
    assert log_in(Client(), next="//evil.example")["Location"] == "/api/"


@pytest.mark.parametrize(
    "fields", [{"password": "wrong"}, {"username": "nobody"}, {"username": "\0"}, {"password": ""}]
)
def test_a_wrong_login_is_shown_the_page_again(browser, user, fields):
    assert log_in(browser, **fields).status_code == 200
    assert browser.get("/api/traces").status_code == 401


def test_a_login_without_its_token_is_refused(browser, user):
    assert log_in(browser, csrfmiddlewaretoken="x" * 64).status_code == 403


def test_a_write_of_a_session_needs_the_csrf_token(browser, user):
    log_in(browser)
    refused = post_trace(browser)
    assert (refused.status_code, "CSRF" in refused.json()["detail"]) == (403, True)
    token = browser.cookies["csrftoken"].value
    assert post_trace(browser, **{"X-CSRFToken": token}).status_code == 201


def test_a_write_with_a_key_needs_no_csrf_token(key_of, browser):
    assert post_trace(browser, Authorization=f"Token {key_of('writer')}").status_code == 201


def test_logging_out_ends_the_session(browser, user):
    log_in(browser)
    token = browser.cookies["csrftoken"].value
    browser.post("/api-auth/logout/", {"csrfmiddlewaretoken": token})
    assert browser.get("/api/traces").status_code == 401


@pytest.mark.parametrize(
    "cookie",
    ["", "short", "a" * 5000, "abcdefghijklmnopqrstuvwxyz012345", '"\\000abcdefgh"', "\u00ff" * 9],
)
def test_a_cookie_that_is_no_session_is_401(client, cookie):
    client.cookies["sessionid"] = "placeholder"
    client.cookies["sessionid"].set("sessionid", cookie, cookie)
    assert client.get("/api/traces").status_code == 401


@pytest.mark.parametrize("path", ["/api/", "/api/traces", "/api/datasets", "/api/docs"])
def test_pages_show_in_a_browser(browser, user, path):
    log_in(browser)
    response = browser.get(path)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"<html" in response.content


def test_pages_escape_what_traces_hold(writer, browser, user):
    hostile = trace(
        trace_version=HOSTILE[:64],
        prompt=HOSTILE,
        final_answer=HOSTILE,
        steps=[{"i": 0, "type": HOSTILE[:64], "content": HOSTILE}],
        meta={"source": HOSTILE, HOSTILE: HOSTILE},
        tags=[HOSTILE[:64]],
    )
    identity = writer.post("/api/traces", hostile, format="json").json()["id"]
    log_in(browser)
    for path in ("/api/traces", f"/api/traces/{identity}", "/api/traces/<script>alert(1)"):
        page = browser.get(path).content.decode()
        assert "&lt;script&gt;" in page
        for raw in ("<script>alert", "<img src=x", "\"onclick='"):
            assert raw not in page


def test_the_root_of_the_site_leads_to_the_api(client):
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (302, "/api/")


def test_the_root_of_the_api_names_its_parts(curator):
    parts = curator.get("/api").json()
    assert parts.pop("version") == __version__
    assert {"traces", "datasets", "evalsets", "health", "metrics", "schema", "docs"} <= set(parts)
    for url in parts.values():
        assert curator.get(url, headers={"Accept": "*/*"}).status_code == 200


def test_the_documentation_sends_people_to_the_login_page(client):
    response = client.get("/api/docs", headers={"Accept": "text/html"})
    assert (response.status_code, response["Location"]) == (302, "/api-auth/login/?next=/api/docs")


def test_the_documentation_needs_a_reader(client):
    client.force_login(User.objects.create_user("nobody"))
    assert client.get("/api/docs", headers={"Accept": "text/html"}).status_code == 403
