"""The list of traces over HTTP: its pages, who may come, and under which policy."""

import re

import pytest
from django.test import Client

from pages.tests.hostile import hostile
from pages.tests.markup import Markup
from traces.tests.factories import TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/traces/"


@pytest.fixture
def curating() -> Client:
    return logged_in("curator")


def text_of(response) -> str:
    assert response.status_code == 200, response.content
    return re.sub(r"\s+", " ", Markup(response.content.decode()).text)


def shown(response) -> list[int]:
    return [int(number) for number in re.findall(r"Question ([0-9]+)\?", text_of(response))]


def link(response, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
    return found and ADDRESS + found[1].replace("&amp;", "&")


def test_the_newest_come_first_and_the_others_page_by_page(curating):
    for n in range(103):
        TraceFactory(prompt=f"Question {n}?")
    first = curating.get(ADDRESS)
    assert shown(first) == [*range(102, 52, -1)]
    assert link(first, "prev") is None
    second = curating.get(link(first, "next"))
    third = curating.get(link(second, "next"))
    assert shown(third) == [2, 1, 0]
    assert link(third, "next") is None
    back = curating.get(link(third, "prev"))
    assert shown(back) == shown(second)
    newest = curating.get(link(back, "prev"))
    assert shown(newest) == shown(first)
    assert link(newest, "prev") is None
    assert link(newest, "next")


def test_a_page_takes_few_queries(curating, django_assert_num_queries):
    for _ in range(60):
        TraceFactory()
    with django_assert_num_queries(6):  # session, user, groups (twice), and the rows
        curating.get(ADDRESS)


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_readers_see_it_as_well(role):
    TraceFactory(prompt="Question 7?")
    response = logged_in(role, is_staff=False).get(ADDRESS)
    assert shown(response) == [7]


def test_who_is_not_logged_in_is_asked_to_and_who_has_no_role_refused(client, django_user_model):
    response = client.get(ADDRESS)
    assert response.status_code == 302
    assert response["Location"] == f"/admin/login/?next={ADDRESS}"
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get(ADDRESS).status_code == 403


def test_the_model_s_own_pages_stay(curating):
    assert curating.get("/admin/traces/trace/").status_code == 200


def test_scripts_are_our_own_and_texts_run_nothing(curating):
    TraceFactory(**hostile())
    response = curating.get(ADDRESS)
    policy = response["Content-Security-Policy"].split("; ")
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "default-src 'none'" in policy
    assert "<svg onload=alert" in text_of(response)
    assert "<svg" not in response.content.decode()


def test_what_would_not_be_seen_is_marked(curating):
    TraceFactory(prompt="pay\u200bpal")
    assert "payU+200Bpal" in text_of(curating.get(ADDRESS))
