"""Signing in to the pages: who lands where, and what those are told who may not."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tunix_site.models import Role
from tunix_site.tests.people import give_role

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
PASSWORD = "something long"
PROBLEM = re.compile(r'<p role="alert"[^>]*>(.*?)</p>', re.DOTALL)


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def person(name="ann", role="", **fields):
    user = User.objects.create_user(name, password=PASSWORD, **fields)
    if role:
        give_role(user, role)
    return user


def signed_in(client=None, name="ann", password=PASSWORD):
    return (client or Client()).post(
        LOGIN, {"username": name, "password": password, "next": "/admin/"}
    )


def problems(response):
    return [text.replace("&#x27;", "'") for text in PROBLEM.findall(response.content.decode())]


@pytest.mark.parametrize("role", Role.values)
def test_whoever_has_a_role_lands_at_home(role):
    person(role=role)
    client = Client()
    assert signed_in(client).url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_the_form_goes_home_unless_it_was_asked_for_a_page():
    for path, goes_to in ((LOGIN, "/admin/"), (f"{LOGIN}?next=/admin/traces", "/admin/traces")):
        page = Client().get(path).content.decode()
        assert f'<input type="hidden" name="next" value="{goes_to}">' in page


def test_a_wrong_password_and_a_wrong_name_are_told_alike():
    person(role=Role.CURATOR)
    wrong = [signed_in(password="wrong"), signed_in(name="nobody")]
    told = "There is nobody of this name with this password. Capitals count in both."
    assert [problems(response) for response in wrong] == [[told], [told]]


def test_who_has_no_role_is_told_who_gives_one():
    person(is_staff=True)
    told = "ann may not enter yet: a role is missing. {} can give one, in Settings."
    assert problems(signed_in()) == [told.format("Whoever runs the site")]
    for name in ("root", "deputy", "third", "fourth"):
        User.objects.create_superuser(name)
    assert problems(signed_in()) == [told.format("root or deputy or third")]
    client = Client()
    client.force_login(User.objects.get(username="ann"))
    page = client.get("/admin/", follow=True)
    assert problems(page) == [told.format("root or deputy or third")]


def test_who_was_switched_off_is_told_so_with_the_right_password_alone():
    person(role=Role.CURATOR, is_active=False)
    (told,) = problems(signed_in())
    assert told.startswith("ann may not sign in any more: the account was switched off.")
    (told,) = problems(signed_in(password="wrong"))
    assert told.startswith("There is nobody of this name")


@pytest.mark.parametrize("path", ["/api-auth/login/", "/admin/review/login", LOGIN])
def test_nobody_who_was_switched_off_gets_a_session(path):
    person(role=Role.CURATOR, is_active=False)
    client = Client()
    client.post(path, {"username": "ann", "password": PASSWORD})
    assert "sessionid" not in client.cookies
    assert client.get("/api/traces").status_code == 401


def test_after_too_many_wrong_passwords_it_says_to_wait():
    person(role=Role.CURATOR)
    for _ in range(5):
        signed_in(password="wrong")
    refused = Client(headers={"Accept": "text/html"}).post(
        LOGIN, {"username": "ann", "password": PASSWORD}
    )
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "Too many wrong passwords" in refused.content.decode()


def test_the_page_has_a_title_a_language_and_a_viewport():
    page = Client().get(LOGIN).content.decode()
    assert re.search(r"<title>\s*Log in \| Tunix RT\s*</title>", page)
    assert re.search(r'<html lang="en[-\w]*"', page)
    assert '<meta name="viewport"' in page
    assert page.count("<main>") == 1
