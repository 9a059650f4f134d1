"""GET /api/traces/prompts: all attempts at a prompt as one row."""

from urllib.parse import urlencode

import pytest

from traces.finding.prompts import groups as described
from traces.finding.prompts import order as ordering
from traces.indexes import Pending
from traces.services.indexing import index_some
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces/prompts"


def groups(client, **query) -> list[dict]:
    response = client.get(f"{URL}?{urlencode(query)}")
    assert response.status_code == 200, response.content
    return response.json()["results"]


def attempts(prompt: str, *answers: str, **fields) -> list:
    return [TraceFactory(prompt=prompt, final_answer=answer, **fields) for answer in answers]


def passed(*traces, value: float = 1.0, **fields) -> None:
    for trace in traces:
        ScoreFactory(trace=trace, value=value, **{"criteria": "answer_correctness", **fields})


def test_attempts_at_one_prompt_are_one_row(reader):
    first, *_, last = attempts("What is 2+2?", "4", "5", "4", "4")
    passed(first)
    passed(last, value=0.0)
    (row,) = groups(reader)
    assert row == {
        "prompt_hash": str(first.prompt_hash),
        "prompt_preview": "What is 2+2?",
        "trace_count": 4,
        "answer_count": 2,
        "agreement": 0.75,
        "most_frequent_answer": "4",
        "scored_count": 2,
        "pass_rate": 0.5,
        "complete": True,
    }


def test_case_and_spaces_of_a_prompt_make_no_difference(reader):
    attempts("What is  2+2?", "4")
    attempts("what IS\n2+2?", "4")
    attempts("What is 2 + 2?", "4")
    assert sorted(row["trace_count"] for row in groups(reader)) == [1, 2]


def test_the_attempts_are_those_that_the_list_finds(reader):
    attempts("a", "1", "2")
    attempts("b", "1")
    for row in groups(reader):
        page = reader.get(f"/api/traces?prompt_hash={row['prompt_hash']}&count=true").json()
        assert page["count"] == row["trace_count"]
        assert {found["prompt_preview"] for found in page["results"]} == {row["prompt_preview"]}


def test_of_equally_frequent_answers_the_earliest_is_shown(reader):
    attempts("a", "9", "1", "1", "9", "3")
    (row,) = groups(reader)
    assert (row["most_frequent_answer"], row["agreement"]) == ("9", 0.4)


def test_an_empty_answer_is_an_answer_and_long_ones_are_cut(reader):
    attempts("p" * 300, "", "é" * 300, "é" * 299, "é" * 300)
    (row,) = groups(reader)
    assert row["prompt_preview"] == "p" * 200
    assert (row["answer_count"], row["most_frequent_answer"]) == (3, "é" * 200)
    attempts("q", "")
    assert "" in {row["most_frequent_answer"] for row in groups(reader)}


def test_without_scores_there_is_no_pass_rate(reader):
    (trace,) = attempts("a", "1")
    passed(trace, criteria="judge")
    (row,) = groups(reader)
    assert (row["scored_count"], row["pass_rate"]) == (0, None)


def test_an_undecided_score_is_none(reader):
    for trace, value in zip(attempts("a", "1", "2", "3"), (1.0, 0.0, None), strict=True):
        passed(trace, value=value, details={} if value is not None else {"outcome": "undecided"})
    (row,) = groups(reader)
    assert (row["scored_count"], row["pass_rate"]) == (2, 0.5)


def test_the_scores_that_count_and_what_passes_are_chosen(reader):
    traces = attempts("a", "1", "2", "3", "4")
    for trace, value in zip(traces, (0.2, 0.5, 0.5, 0.9), strict=True):
        passed(trace, value=value, criteria="judge")
    passed(traces[0], value=1.5)

    def rate(**query):
        (row,) = groups(reader, **query)
        return row["scored_count"], row["pass_rate"]

    assert rate() == (1, 1.0)
    assert rate(pass_criteria="judge") == (4, 0.0)
    assert rate(pass_criteria="judge", pass_at=0.5) == (4, 0.75)
    assert rate(pass_criteria="judge", pass_at=-1) == (4, 1.0)
    assert rate(pass_at=1.6) == (1, 0.0)
    assert rate(pass_criteria="unknown") == (0, None)


def test_one_passing_version_is_enough_as_in_the_list(reader):
    first, second = attempts("a", "1", "2")
    passed(first, value=0.0, scorer_version="2")
    passed(first, value=1.0, scorer_version="1")
    passed(second, value=0.0)
    (row,) = groups(reader)
    query = "criteria=answer_correctness&min_score=1&count=true"
    assert reader.get(f"/api/traces?{query}").json()["count"] == 1
    assert (row["scored_count"], row["pass_rate"]) == (2, 0.5)


def test_the_filters_choose_the_attempts(reader):
    attempts("a", "1", "1", meta={"source": "x", "n": 1})
    attempts("a", "2", meta={"source": "y"}, tags=["t"])
    ApprovedTraceFactory(prompt="b", final_answer="3")
    (trace,) = attempts("c", "4")
    passed(trace, value=0.5, criteria="judge")

    def counts(**query):
        return {
            row["prompt_preview"]: (row["trace_count"], row["answer_count"], row["agreement"])
            for row in groups(reader, **query)
        }

    assert counts() == {"a": (3, 2, 2 / 3), "b": (1, 1, 1.0), "c": (1, 1, 1.0)}
    assert counts(source="x") == counts(**{"meta.n": 1}) == {"a": (2, 1, 1.0)}
    assert counts(tag="t") == {"a": (1, 1, 1.0)}
    assert counts(status="approved") == {"b": (1, 1, 1.0)}
    assert counts(criteria="judge", min_score=0.5) == {"c": (1, 1, 1.0)}
    assert counts(prompt_hash=trace.prompt_hash) == {"c": (1, 1, 1.0)}
    assert counts(source="nowhere") == {}


def test_words_choose_the_attempts_too(reader):
    attempts("How many apples?", "4 apples", "4 pears")
    attempts("How many plums?", "5 plums")
    while index_some(kind=Pending.Kind.SEARCH):
        pass
    assert [row["trace_count"] for row in groups(reader, q="apples")] == [2]
    assert [row["trace_count"] for row in groups(reader, q="pears")] == [1]


def test_prompts_of_few_attempts_are_left_out(reader):
    for count in (1, 2, 3):
        attempts(f"prompt {count}", *["1"] * count)
    for least, left in ((1, {1, 2, 3}), (2, {2, 3}), (3, {3}), (4, set())):
        assert {row["trace_count"] for row in groups(reader, min_count=least)} == left
    assert reader.get(f"{URL}?min_count=2&count=true&limit=1").json()["count"] == 2


def test_pages_are_in_the_order_of_the_hashes_and_can_be_walked_both_ways(reader):
    hashes = sorted(str(attempts(f"prompt {n}", "1", "2")[0].prompt_hash) for n in range(7))

    def walk(url, direction):
        pages = []
        while url:
            page = reader.get(url).json()
            assert page["count"] == 7
            pages.append([row["prompt_hash"] for row in page["results"]])
            last, url = url, page[direction]
        return pages, last

    forth, last = walk(f"{URL}?limit=3&count=true&min_count=2", "next")
    assert forth == [hashes[:3], hashes[3:6], hashes[6:]]
    back, _ = walk(last, "previous")
    assert back == [hashes[6:], hashes[3:6], hashes[:3]]


def previews(client, **query) -> list[str]:
    return [row["prompt_preview"] for row in groups(client, **query)]


def test_the_order_is_by_disagreement_attempts_or_the_newest(reader):
    attempts("agreed", "4", "4")
    attempts("some", "4", "4", "5")
    attempts("none", "1", "2", "3", "4")
    attempts("agreed", "4", "4", "4")
    assert previews(reader, order="disagreement") == ["none", "some", "agreed"]
    assert previews(reader, order="attempts") == ["agreed", "none", "some"]
    assert previews(reader, order="newest") == ["agreed", "none", "some"]
    assert previews(reader, order="disagreement", min_count=4) == ["none", "agreed"]
    hashes = [row["prompt_hash"] for row in groups(reader)]
    assert [row["prompt_hash"] for row in groups(reader, order="hash")] == sorted(hashes) == hashes


def test_the_filters_choose_what_the_order_is_by(reader):
    attempts("a", "1", "2", "3", meta={"source": "x"})
    attempts("b", "1", "2", meta={"source": "y"})
    attempts("a", "4", "4", "5", meta={"source": "y"})
    assert previews(reader, order="disagreement") == ["a", "b"]
    assert previews(reader, order="disagreement", source="y") == ["b", "a"]
    assert previews(reader, order="attempts", source="x", status="unreviewed") == ["a"]


@pytest.mark.parametrize("order", ["disagreement", "attempts", "newest"])
def test_an_order_finds_what_the_list_finds_by_any_filter(reader, order):
    traces = attempts("a", "1", "2", meta={"source": "x"}, tags=["t"])
    passed(*traces)
    of_it = {
        "source": "x",
        "status": "unreviewed",
        "tag": "t",
        "trace_version": "1.0",
        "created_after": "2020-01-01",
        "created_before": "2999-01-01",
        "min_steps": 1,
        "max_steps": 9,
        "prompt_hash": traces[0].prompt_hash,
        "ids": f"{traces[0].pk},{traces[1].pk}",
        "meta.source": "x",
        "labelled": "false",
        "has_note": "false",
        "reviewed_by_hand": "false",
        "disputed": "false",
    }
    for name, value in of_it.items():
        assert previews(reader, order=order, **{name: value}) == ["a"], name
    of_none = {"reviewer": "nobody", "dataset": "none-1", "reason": "x", "labelled": "true"}
    for name, value in of_none.items():
        assert previews(reader, order=order, **{name: value}) == [], name
    scored = {"criteria": "answer_correctness", "min_score": 1, "outcome": "right"}
    assert previews(reader, order=order, **of_it, **scored) == ["a"]


def test_words_choose_what_the_order_is_by(reader):
    attempts("How many apples?", "4 apples", "4 pears")
    attempts("How many plums?", "5 plums", "5 plums", "6 pears")
    while index_some(kind=Pending.Kind.SEARCH):
        pass
    assert previews(reader, order="attempts", q="plums") == ["How many plums?"]
    assert previews(reader, order="newest", q="pears") == ["How many plums?", "How many apples?"]
    assert previews(reader, order="newest", q="cherries") == []


def test_an_order_is_walked_both_ways(reader):
    for n in range(7):
        attempts(f"prompt {n}", "1", "2", *["1"] * (n % 2))

    def walk(url, direction):
        pages = []
        while url:
            page = reader.get(url).json()
            pages.append([row["prompt_preview"] for row in page["results"]])
            last, url = url, page[direction]
        return pages, last

    for order in ("disagreement", "attempts", "newest"):
        whole = previews(reader, order=order)
        forth, last = walk(f"{URL}?limit=3&order={order}", "next")
        assert forth == [whole[:3], whole[3:6], whole[6:]]
        back, _ = walk(last, "previous")
        assert back == [whole[6:], whole[3:6], whole[:3]]


def test_the_order_is_among_the_prompts_of_the_newest_traces(reader, monkeypatch):
    monkeypatch.setattr(ordering, "MOST_TRACES", 2)
    attempts("old", "1", "2", "3")
    attempts("new", "1", "1")
    assert previews(reader, order="disagreement") == ["new"]
    attempts("old", "4")
    assert previews(reader, order="disagreement") == ["old", "new"]


def test_no_traces_are_an_empty_page(reader):
    empty = {"next": None, "previous": None, "results": []}
    assert reader.get(URL).json() == empty
    assert reader.get(f"{URL}?count=true").json() == {**empty, "count": 0}


def test_of_very_many_attempts_some_are_looked_at_and_the_row_says_so(reader, monkeypatch):
    monkeypatch.setattr(described, "MAX_ATTEMPTS", 3)
    passed(*attempts("a", "1", "1", "1", "1"))
    passed(*attempts("b", "1", "1", "1"))
    rows = {row["prompt_preview"]: row for row in groups(reader)}
    assert (rows["a"]["trace_count"], rows["a"]["scored_count"]) == (4, 3)
    assert (rows["a"]["complete"], rows["b"]["complete"]) == (False, True)
    assert rows["a"]["agreement"] == rows["b"]["pass_rate"] == 1.0


@pytest.mark.django_db(transaction=True)
def test_a_prompt_deleted_while_it_is_answered_is_left_out(reader):
    (kept,) = attempts("a", "1")
    (gone,) = attempts("b", "1")
    with just_before("hashtextextended", lambda: elsewhere(gone.delete)):
        assert [row["prompt_hash"] for row in groups(reader)] == [str(kept.prompt_hash)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=cD1ub3c=", "cursor"),
        ("count=1", "count"),
        ("min_count=0", "min_count"),
        ("min_count=99999999999", "min_count"),
        ("min_count=a", "min_count"),
        ("pass_at=x", "pass_at"),
        ("pass_at=nan", "pass_at"),
        ("pass_criteria=", "pass_criteria"),
        ("pass_criteria=" + "a" * 65, "pass_criteria"),
        ("pass_criteria=%00", "pass_criteria"),
        ("order=x", "order"),
        ("min_score=1", "min_score"),
        ("status=unknown", "status"),
        ("prompt_hash=1", "prompt_hash"),
        ("unknown=1", "unknown"),
    ],
)
def test_a_bad_parameter_is_named(reader, query, field):
    attempts("a", "1")
    response = reader.get(f"{URL}?{query}")
    assert (response.status_code, list(response.json())) == (400, [field])


@pytest.mark.parametrize("count", [1, 30])
def test_the_queries_do_not_grow(reader, count, django_assert_num_queries):
    for n in range(count):
        passed(*attempts(f"prompt {n}", "1", "2"))
    with django_assert_num_queries(3):  # the key, the page, what its attempts are
        groups(reader, limit=100, source="made_up")
    with django_assert_num_queries(3):  # the key is known; the order, the page, its attempts
        groups(reader, limit=100, order="disagreement")
    with django_assert_num_queries(3):  # the key is known
        groups(reader, limit=100, count="true")
