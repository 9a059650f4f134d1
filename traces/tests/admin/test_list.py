"""The list of traces: its rows, its order, and how long it gets."""

import re

import pytest

from traces.tests.admin.pages import LIST, change, delete, listed
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from tunix_site.admin_base.lists import RoleAdmin

pytestmark = pytest.mark.django_db


def test_the_list_shows_the_newest_first_with_previews(page):
    older = TraceFactory(prompt="p" * 201, final_answer="a" * 201)
    newer = ApprovedTraceFactory()
    response = page.get(LIST)
    assert list(response.context["cl"].result_list) == [newer, older]
    text = response.content.decode()
    assert "p" * 200 in text
    assert "p" * 201 not in text
    assert "a" * 201 not in text
    assert change(newer) in text
    assert "Approved" in text
    assert "made_up" in text


# What nobody would see, by what it is.
UNSEEN = {
    "empty": "",
    "white space": " \t\n\u00a0\u3000",
    "zero-width": "\u200b\u200d\ufeff\u2060",
    "turned around": "\u202e\u2066",
    "line ends": "\u2028\u2029",
    "fillers": "\u115f\u1160\u2800\u3164\uffa0",
    "a mark alone": "\ufe0f\u034f",
}


@pytest.mark.parametrize("prompt", UNSEEN.values(), ids=UNSEEN)
def test_a_prompt_that_nobody_would_see_has_a_link_to_click(page, prompt):
    trace = TraceFactory(prompt=prompt)
    text = page.get(LIST).content.decode()
    [link] = re.findall(rf'<a [^>]*href="{change(trace)}[^>]*>(.*?)</a>', text, re.DOTALL)
    assert re.sub(r"<[^>]*>", "", link).strip() == "(blank)"


def test_the_list_reads_no_large_text(page, django_assert_num_queries):
    TraceFactory()
    with django_assert_num_queries(5) as queries:  # session, user, roles, count, rows
        page.get(LIST)
    rows = queries.captured_queries[-1]["sql"]
    assert "LEFT(" in rows
    assert not re.search(
        r'(?<!LEFT\("traces_trace".)"(prompt|final_answer|steps|meta|messages)"', rows
    )
    TraceFactory.create_batch(20)
    with django_assert_num_queries(5):
        page.get(LIST)


def test_the_list_is_sorted_by_its_index_whatever_the_address_says(page):
    traces = TraceFactory.create_batch(3)
    assert listed(page, "o=1.-2.3.5.7") == traces[::-1]


def test_a_long_list_is_cut_off_and_says_so(page, monkeypatch):
    monkeypatch.setattr("tunix_site.admin_base.lists.MAX_LISTED", 4)
    monkeypatch.setattr(RoleAdmin, "list_per_page", 2)
    traces = TraceFactory.create_batch(4)
    assert "More than" not in page.get(LIST).content.decode()
    traces += TraceFactory.create_batch(1)
    said = page.get(f"{LIST}?status=unreviewed").content.decode()
    assert "More than 4 traces: these first ones are listed" in said
    assert "4 results" not in said
    assert listed(page, "p=2") == traces[1:3][::-1]
    assert page.get(f"{LIST}?p=3").url == f"{LIST}?e=1"


def test_what_deletes_comes_last(page, admin_client):
    trace = TraceFactory()
    text = page.get(change(trace)).content.decode()
    row = text.partition('id="submit-row"')[2]
    assert row.index('name="_save"') < row.index(delete(trace))
    assert "flex-row-reverse" not in row.partition("</body>")[0]
    offered = admin_client.get(LIST).content.decode().partition('name="action"')[2]
    actions = re.findall(r'<option value="(\w+)"', offered.partition("</select>")[0])
    assert actions[-1] == "delete_selected"
