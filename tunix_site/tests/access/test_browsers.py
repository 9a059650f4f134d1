"""Sessions are for browsers; what protects them holds whatever headers a request brings."""

import re

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from traces.models import Trace
from tunix_site.access.browsers import SessionMiddleware, is_from_program
from tunix_site.models import Role
from tunix_site.tests.people import give_role
from tunix_site.tests.samples import trace

LOGIN = "/api-auth/login/"
ODD_HEADERS = ["Token", "Token x", "Bearer x", "Basic eDp5", "", "x" * 5_000]


@pytest.fixture
def user(db) -> User:
    user = User.objects.create_user("someone")
    give_role(user, Role.WRITER)
    return user


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def post_trace(browser: Client, **headers):
    return browser.post("/api/traces", trace(), content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("path", "headers", "passes"),
    [
        ("/api/traces", {"Authorization": "Token x"}, True),
        ("/api/traces", {"Authorization": ""}, True),
        ("/api/traces", {}, False),
        ("/api/traces", {"Authorization": "Token x", "Cookie": "sessionid=a"}, False),
        ("/api/traces", {"Authorization": "Token x", "Cookie": " "}, False),
        ("/api/traces", {"Authorization": "Token x", "Cookie": ""}, True),
        ("/api-auth/login/", {"Authorization": "Token x"}, False),
        ("/admin/", {"Authorization": "Token x"}, False),
        ("/", {"Authorization": "Token x"}, False),
    ],
)
def test_a_key_without_a_cookie_is_a_programs(rf, path, headers, passes):
    request = rf.get(path, headers=headers)
    assert is_from_program(request) is passes
    SessionMiddleware(lambda request: HttpResponse())(request)
    assert hasattr(request, "session") is not passes


def test_a_program_works_without_a_session(key_of, browser):
    answer = post_trace(browser, Authorization=f"Token {key_of('writer')}")
    assert answer.status_code == 201
    assert not answer.cookies
    assert not hasattr(answer.wsgi_request, "session")


@pytest.mark.parametrize("path", ["/api/", "/api/traces", "/api/docs"])
def test_pages_of_the_api_are_shown_to_a_key(key_of, browser, path):
    headers = {"Authorization": f"Token {key_of('reader')}", "Accept": "text/html"}
    page = browser.get(path, headers=headers)
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("header", ODD_HEADERS)
def test_a_write_of_a_session_needs_its_token_whatever_header_it_brings(user, browser, header):
    browser.force_login(user)
    answer = post_trace(browser, Authorization=header)
    assert answer.status_code == (401 if header.startswith(("Token", "Bearer")) else 403)
    assert not Trace.objects.exists()


@pytest.mark.parametrize("header", ["Basic eDp5", "Negotiate x"])
def test_a_session_stands_behind_a_proxy_that_asks_for_a_password(user, browser, header):
    """Its browsers bring a header of their own with every request, the first without a cookie."""
    user.set_password("something long")
    user.save()
    page = browser.get(LOGIN, headers={"Authorization": header})
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
    fields = {"username": "someone", "password": "something long", "csrfmiddlewaretoken": token}
    assert browser.post(LOGIN, fields, headers={"Authorization": header}).status_code == 302
    assert browser.get("/api/traces", headers={"Authorization": header}).status_code == 200
    refused = post_trace(browser, Authorization=header)
    assert (refused.status_code, "CSRF" in refused.json()["detail"]) == (403, True)
    token = browser.cookies["csrftoken"].value
    assert post_trace(browser, Authorization=header, **{"X-CSRFToken": token}).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("header", ODD_HEADERS)
def test_no_login_passes_without_its_token(browser, header):
    fields = {"username": "someone", "password": "something long"}
    assert browser.post(LOGIN, fields, headers={"Authorization": header}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("header", ODD_HEADERS)
def test_who_brings_neither_key_nor_session_is_refused(browser, header):
    assert post_trace(browser, Authorization=header).status_code == 401
    assert browser.get("/admin/", headers={"Authorization": header}).status_code == 302
