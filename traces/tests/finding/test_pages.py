"""The rows of a page, by SQL that is kept for each set of filters."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection

from datasets.tests.factories import DatasetFactory
from traces.finding import nearest
from traces.finding.filters import TraceFilters, matching
from traces.finding.pages import page_rows
from traces.models import Review
from traces.services.indexing import index_some
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)
NOW = datetime.now(UTC)
FILTERS = {
    "source": ["made_up", "other", ""],
    "status": ["approved", "unreviewed"],
    "tag": ["x", "y", '"'],
    "trace_version": ["1.0", "2"],
    "created_after": [NOW - A_DAY, NOW + A_DAY],
    "created_before": [NOW + A_DAY, NOW - A_DAY],
    "min_steps": [1, 3],
    "max_steps": [1, 3],
    "criteria": ["baseline", "other"],
    "ids": [str(uuid4())],
    "prompt_hash": [uuid4()],
    "content_hash": [uuid4()],
    "reviewer": ["ada", "nobody"],
    "reviewed_after": [NOW - A_DAY, NOW + A_DAY],
    "reviewed_before": [NOW + A_DAY, NOW - A_DAY],
    "reason": ["odd", "other"],
    "labelled": [True, False],
    "has_note": [True, False],
    "reviewed_by_hand": [True, False],
    "disputed": [True, False],
    "dataset": ["sums-1", "none-1"],
    "meta.n": ["1", "2", "true"],
}


@pytest.fixture
def traces():
    made = []
    for number in range(4):
        made.append(TraceFactory(tags=["x"], meta={"source": "made_up", "n": number}))
        made.append(ApprovedTraceFactory(tags=["x", "y"], meta={"source": "other", "n": "1"}))
        ScoreFactory(trace=made[-1], criteria="baseline", value=number)
    ada = User.objects.create(username="ada")
    for trace, labels in ((made[1], {"0": 1}), (made[2], None)):
        said = {"reasons": ["odd"], "note": "Odd.", "step_labels": labels}
        Review.objects.create(trace=trace, reviewer=ada, verdict="flagged", **said)
    DatasetFactory(name="sums")
    FILTERS["ids"] = [f"{made[0].pk},{made[5].pk}", str(uuid4())]
    FILTERS["prompt_hash"] = [made[0].prompt_hash, uuid4()]
    FILTERS["content_hash"] = [made[1].content_hash, uuid4()]
    return made[::-1]


def expected(filters: dict) -> list:
    return list(matching(filters).order_by("-pk").values_list("pk", flat=True))


def found(filters: dict, there=None, *, back: bool = False, limit: int = 3) -> list:
    return [row["id"] for row in page_rows(filters, there=there, back=back, limit=limit)]


def test_there_are_values_for_every_filter():
    of_scores = {"min_score", "max_score", "outcome"}  # these need a criterion
    left_out = {"q", *of_scores}  # words are ranked
    assert {name for name in FILTERS if "." not in name} == TraceFilters().fields.keys() - left_out


@pytest.mark.parametrize(
    "names", [*itertools.combinations(FILTERS, 1), *itertools.combinations(FILTERS, 2)]
)
@pytest.mark.parametrize("looked_at", [2, nearest.LOOKED_AT])
def test_a_page_holds_what_matches(traces, names, looked_at, monkeypatch):
    monkeypatch.setattr(nearest, "LOOKED_AT", looked_at)
    for values in itertools.product(*(FILTERS[name] for name in names)):
        filters = dict(zip(names, values, strict=True))
        rows = expected(filters)
        assert found(filters) == rows[:3]
        there = traces[4].pk
        assert found(filters, there) == [pk for pk in rows if pk < there][:3]
        before = [pk for pk in rows if pk > there]
        assert found(filters, there, back=True) == before[::-1][:3]


@pytest.mark.parametrize(
    "bounds",
    [
        {"min_score": 1.0},
        {"max_score": 2.0},
        {"min_score": 1.0, "max_score": 2.0},
        {"outcome": "right"},
    ],
)
def test_a_page_is_bounded_by_scores(traces, bounds):
    filters = {"criteria": "baseline", **bounds}
    assert found(filters, limit=9) == expected(filters) != []


@pytest.mark.parametrize("most", [2, 100])
def test_what_is_promised_by_the_next_ones_is_looked_for(traces, most, monkeypatch):
    monkeypatch.setattr(nearest, "LOOKED_AT", 2)
    monkeypatch.setattr(nearest, "MOST_LOOKED_AT", most)
    for limit in (1, 2, 3, 9):
        assert found({"meta.n": "1"}, limit=limit) == expected({"meta.n": "1"})[:limit] != []
        assert (
            found({"tag": "y", "status": "approved"}, limit=limit) == expected({"tag": "y"})[:limit]
        )


def test_words_are_found_both_ways(traces, monkeypatch):
    monkeypatch.setattr(nearest, "LOOKED_AT", 2)
    while index_some(kind="search"):
        pass
    rows = expected({"q": "answer"})
    assert found({"q": "answer"}, traces[4].pk, back=True, limit=9) == rows[:4][::-1]
    assert found({"q": "answer"}, traces[4].pk, limit=2) == rows[5:7]


def test_an_unusual_shape_is_found_by_its_index(traces):
    for filters in ({"min_steps": 11}, {"min_steps": 500}, {"trace_version": "2.0"}):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = matching(filters).order_by().explain()
        assert "trace_by_shape" in plan


def test_the_page_itself_is_no_filter(traces):
    query = {"limit": 2, "count": True, "cursor": "x", "status": "approved"}
    assert found(query) == expected({"status": "approved"})[:3]


def test_a_set_of_filters_is_compiled_once(traces):
    kept = nearest._kept_statements
    kept.cache_clear()
    for tag in ("x", "y", "z"):
        found({"tag": tag})
    assert kept.cache_info().misses == 1
    found({"tag": "x"}, limit=4)
    found({"tag": "x"}, traces[0].pk)
    assert kept.cache_info().misses == 3


def test_no_statement_is_kept_for_keys_of_which_there_is_no_end(traces):
    kept = nearest._kept_statements
    kept.cache_clear()
    for number in range(30):
        found({f"meta.key{number}": "1", "tag": "x"})
    assert kept.cache_info().currsize == 0
