"""Evaluation sets and their items in the admin: read, and deleted."""

import pytest
from django.urls import reverse

from evalsets.models import EvalItem, EvalSet
from evalsets.services import delete
from evalsets.tests.factories import EvalSetFactory, items
from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/evalsets/evalset/"
ITEMS = "/admin/evalsets/evalitem/"
HOSTILE = "<script>alert(1)</script>"


def url(view, row):
    return reverse(f"admin:evalsets_{row._meta.model_name}_{view}", args=[row.pk])


@pytest.fixture
def page():
    return logged_in(Role.CURATOR)


def test_sets_and_their_items_are_shown_and_escaped(page):
    evalset = EvalSetFactory(
        items=items(
            2, prompt=HOSTILE, expected_answer=f"answer {HOSTILE}", meta={HOSTILE: HOSTILE}
        ),
        license=HOSTILE,
        generator={"family": HOSTILE},
    )
    item = evalset.items.first()
    for path in (LIST, url("change", evalset), ITEMS, url("change", item)):
        response = page.get(path)
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()
    shown = page.get(url("change", evalset)).content.decode()
    assert evalset.digest in shown
    assert f"{ITEMS}?evalset={evalset.key}" in shown
    assert f"/api/evalsets/{evalset.key}/items.jsonl" in shown
    assert "answer &lt;script" in page.get(url("change", item)).content.decode()


def test_the_lists_cost_no_query_each_and_hold_no_answers(page, django_assert_num_queries):
    EvalSetFactory()
    for path in (LIST, ITEMS):
        with django_assert_num_queries(5) as queries:  # session, user, roles, count, rows
            page.get(path)
        assert "expected_answer" not in queries.captured_queries[-1]["sql"]
    EvalSetFactory()
    for path in (LIST, ITEMS):
        with django_assert_num_queries(5):
            page.get(path)


def test_items_are_found_by_set_and_position(page):
    EvalSetFactory(name="other")
    EvalSetFactory(name="sums", items=items(5))
    found = page.get(f"{ITEMS}?evalset=sums-1&min_position=3").context["cl"].result_list
    assert [item.item_id for item in found] == ["3", "4"]


def test_nothing_is_changed_or_added(admin_client):
    evalset = EvalSetFactory()
    item = evalset.items.first()
    before = list(EvalSet.objects.values()), list(EvalItem.objects.values())
    for row in (evalset, item):
        for path in (url("change", row), reverse(f"admin:evalsets_{row._meta.model_name}_add")):
            assert admin_client.post(path, {"name": "forged", "prompt": "x"}).status_code == 403
    assert admin_client.post(url("delete", item), {"post": "yes"}).status_code == 403
    assert (list(EvalSet.objects.values()), list(EvalItem.objects.values())) == before


def test_a_set_is_deleted_after_asking(page):
    evalset = EvalSetFactory(name="sums")
    assert "sums-1 with its 3 items" in page.get(url("delete", evalset)).content.decode()
    page.post(url("delete", evalset), {"post": "yes"})
    assert not EvalSet.objects.existing().exists()
    assert list(page.get(f"{LIST}?state=deleted").context["cl"].result_list) == [evalset]
    assert page.post(url("delete", evalset), {"post": "yes"}).status_code == 403


def test_one_that_is_named_is_kept_and_told(page, monkeypatch):
    monkeypatch.setattr(delete, "_namers", [lambda evalset: ["mix-1"]])
    evalset = EvalSetFactory(name="sums")
    response = page.post(url("delete", evalset), {"post": "yes"}, follow=True)
    assert "sums-1 is named by: mix-1." in [str(told) for told in response.context["messages"]]
    assert EvalSet.objects.existing().exists()
