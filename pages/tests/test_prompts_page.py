"""The list of prompts over HTTP: its orders, filters and pages, and where its numbers lead."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from pages.tests.hostile import hostile
from pages.tests.markup import text_of
from pages.tests.slow import sleeping
from traces.finding.prompts import order as ordering
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/prompts/"


def attempts(prompt: str, *answers: str, **fields) -> list:
    return [TraceFactory(prompt=prompt, final_answer=answer, **fields) for answer in answers]


def shown(response) -> list[str]:
    assert response.status_code == 200, response.content
    return re.findall(r'<a class="line"[^>]*><bdi>([^<]*)</bdi>', response.content.decode())


def link(response, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
    return found and ADDRESS + found[1].replace("&amp;", "&")


def test_prompts_whose_attempts_differ_most_come_first(curating):
    attempts("agreed", "4", "4")
    attempts("alone", "4")
    attempts("some", "4", "4", "5")
    first, *_ = attempts("none", "1", "2", "3", "4")
    ScoreFactory(trace=first, criteria="answer_correctness", value=1)
    response = curating.get(ADDRESS)
    assert shown(response) == ["none", "some", "agreed"]
    text = text_of(response)
    assert "none 4 attempts 1 of 1 right 4 answers 25 % say 1" in text
    assert "some 3 attempts 2 answers 67 % say 4" in text


def test_the_other_orders_are_by_the_number_of_attempts_and_the_newest(curating):
    attempts("three", "4", "4", "4")
    attempts("two", "4", "4")
    attempts("old", "1", "1", "1", "1")
    attempts("two", "5")
    orders = {"attempts": ["old", "three", "two"], "newest": ["two", "old", "three"]}
    assert shown(curating.get(ADDRESS, {"order": "attempts"}))[0] == "old"
    assert set(shown(curating.get(ADDRESS, {"order": "attempts"}))[1:]) == {"three", "two"}
    assert shown(curating.get(ADDRESS, {"order": "newest"})) == orders["newest"]
    page = curating.get(ADDRESS, {"order": "newest"}).content.decode()
    assert 'href="?order=newest" aria-current="page"' in page


def test_numbers_lead_to_the_attempts_in_the_list_of_traces(curating):
    traces = attempts("a", "1", "2", "3", meta={"source": "here"})
    attempts("a", "4", meta={"source": "there"})
    for trace, value in zip(traces, (1, 0, 1), strict=True):
        ScoreFactory(trace=trace, criteria="answer_correctness", value=value)
    page = curating.get(ADDRESS, {"source": "here", "min_count": "3"}).content.decode()
    found = [
        one.replace("&amp;", "&") for one in re.findall(r'href="(/admin/traces\?[^"]+)"', page)
    ]
    asked = {"source": ["here"], "prompt_hash": [str(traces[0].prompt_hash)]}
    right = {**asked, "criteria": ["answer_correctness"], "min_score": ["1"]}
    assert [parse_qs(urlsplit(one).query) for one in found] == [asked, right]
    for one, count in zip(found, (3, 2), strict=True):
        assert f"{count} match" in text_of(curating.get(one))
    assert f"/admin/prompts/{traces[0].prompt_hash}" in page


def test_pages_are_walked_both_ways_in_every_order(curating):
    for n in range(103):
        attempts(f"{n}", "1", "2", *["1"] * (n % 3))
    for order in ("disagreement", "attempts", "newest"):
        first = curating.get(ADDRESS, {"order": order})
        assert link(first, "prev") is None
        second = curating.get(link(first, "next"))
        third = curating.get(link(second, "next"))
        assert link(third, "next") is None
        pages = [shown(page) for page in (first, second, third)]
        assert [len(page) for page in pages] == [50, 50, 3]
        assert {*pages[0], *pages[1], *pages[2]} == {str(n) for n in range(103)}
        back = curating.get(link(third, "prev"))
        assert shown(back) == pages[1]
        newest = curating.get(link(back, "prev"))
        assert shown(newest) == pages[0]
        assert link(newest, "prev") is None


def test_behind_a_prompt_that_is_gone_there_is_a_way_back(curating):
    attempts("a", "1", "2")
    gone = "00000000-0000-0000-0000-000000000000"
    response = curating.get(ADDRESS, {"before": gone, "source": "made_up"})
    assert "There is nothing further. From the beginning" in text_of(response)
    assert '<a href="?source=made_up">From the beginning' in response.content.decode()
    assert shown(curating.get(ADDRESS, {"before": "x"})) == ["a"]


def test_filters_choose_the_attempts_and_wrong_ones_drop_nothing_else(curating):
    attempts("a", "1", "2", meta={"source": "here"})
    attempts("b", "1", "2", meta={"source": "there"})
    attempts("c", "1", meta={"source": "here"})
    assert shown(curating.get(ADDRESS, {"source": "here"})) == ["a"]
    assert shown(curating.get(ADDRESS, {"source": "here", "min_count": "1"})) == ["a", "c"]
    response = curating.get(
        ADDRESS, {"source": "here", "min_count": "0", "order": "x", "unknown": "1", "q": "\0"}
    )
    assert shown(response) == ["a"]
    assert response.content.decode().count('class="chip wrong"') == 4
    text = text_of(response)
    assert "Ensure this value is greater than or equal to 1." in text
    tidy = curating.get(ADDRESS, {"source": "here", "tag": ""})
    assert (tidy.status_code, tidy["Location"]) == (302, f"{ADDRESS}?source=here")


def test_words_that_nothing_holds_find_nothing(curating):
    attempts("a", "1", "2")
    response = curating.get(ADDRESS, {"q": "cherries"})
    assert shown(response) == []
    assert "No prompt with several attempts matches." in text_of(response)


def test_a_filter_that_takes_too_long_is_told(curating, monkeypatch):
    attempts("a", "1", "2")
    monkeypatch.setattr("pages.prompts.listing.SECONDS", 0.05)
    monkeypatch.setattr(ordering, "newest_first", sleeping)
    text = text_of(curating.get(ADDRESS, {"meta.rare": "x"}))
    assert "It takes longer than 0.05 seconds. Other filters" in text


def test_the_newest_traces_alone_are_looked_at_for_the_order(curating, monkeypatch):
    monkeypatch.setattr(ordering, "MOST_TRACES", 2)
    attempts("old", "1", "2", "3")
    attempts("both", "1", "2", "3", "4")
    assert shown(curating.get(ADDRESS)) == ["both"]
    assert "4 attempts" in text_of(curating.get(ADDRESS))  # all of them are


def test_a_page_takes_few_queries(curating, django_assert_num_queries):
    for n in range(60):
        attempts(f"{n}", "1", "2")
    # session, user, groups; three of a page (with four that bound the time); what there is to
    # choose from (four small ones)
    with django_assert_num_queries(14):
        curating.get(ADDRESS)


def test_readers_see_it_and_nobody_else():
    attempts("a", "1", "2")
    assert shown(logged_in("reader", is_staff=False).get(ADDRESS)) == ["a"]
    assert Client().get(ADDRESS)["Location"] == f"/admin/login/?next={ADDRESS}"


def test_hostile_prompts_are_text(curating):
    for answer in ("<b>", "x\u202ey"):
        TraceFactory(**{**hostile(), "external_id": None, "final_answer": answer})
    attempts(" ", "", "")
    response = curating.get(ADDRESS, {"source": "<svg onload=alert(1)>"})
    assert "<svg" not in response.content.decode()
    response = curating.get(ADDRESS)
    html = response.content.decode()
    main = html[html.index("<main") : html.index("</main")]
    assert "<svg onload=alert" in text_of(response)
    for tag in ("<script", "<svg", "<img", "<iframe", "<b>"):
        assert tag not in main
    assert "<i>(blank)</i>" in main
    assert "(empty)" in main
