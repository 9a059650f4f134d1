"""Scores that a build stores before it begins: what a preview says of them, and filters on them."""

import pytest

from datasets.models import DatasetPair
from jobs.tests.working import work_off
from traces.models import Score
from traces.scorers.known import SCORERS
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

CRITERIA = "answer_correctness"
PAIR = {"max_longer_share": 1}
ON_SCORES = [
    {"not": {"criteria": CRITERIA}},
    {"pass_rate": {"criteria": CRITERIA, "max": 0.1}},
    {"criteria": CRITERIA, "max_score": 0.5},
]


@pytest.fixture
def attempts() -> list:
    """Make a right and a wrong attempt at each of two prompts, which nobody scored."""
    return [
        TraceFactory(prompt=prompt, final_answer=answer, meta={"reference_answer": "4"})
        for prompt in ("2+2?", "1+3?")
        for answer in ("4", "5")
    ]


def send(client, route: str, **recipe):
    named = {"dataset_name": "pairs", "dataset_version": "1"} if route == "build" else {}
    return client.post(f"/api/datasets/{route}", {**named, **recipe}, format="json")


def test_a_preview_tells_how_many_are_missing_and_shows_what_a_build_makes(curator, attempts):
    recipe = {"pair": PAIR, "verify": {"criteria": CRITERIA, "min": 0}, "limit": None}
    shown = send(curator, "preview", **recipe).json()
    assert shown["unscored"] == {CRITERIA: 4}
    assert [(line["in"], line["out"]) for line in shown["funnel"]] == [(4, 4)] * 5
    assert shown["funnel"][-1]["pairs"] == 2
    assert Score.objects.count() == 0
    assert send(curator, "build", **recipe).json()["trace_count"] == 4
    assert DatasetPair.objects.count() == 2
    assert send(curator, "preview", **recipe).json()["unscored"] == {}


def test_a_preview_counts_no_further_than_it_scores(curator, attempts, monkeypatch):
    monkeypatch.setattr("datasets.services.preview.SCORED_IN_MEMORY", 2)
    assert send(curator, "preview", pair=PAIR).json()["unscored"] == {CRITERIA: 3}


@pytest.mark.parametrize("most", [4, 5, 6])
@pytest.mark.parametrize("exact", [False, True])
def test_what_verify_scored_in_memory_is_not_scored_again(
    curator, attempts, monkeypatch, most, exact
):
    """The fifth answers to no reference: that it has none is not known before it is looked at."""
    TraceFactory(prompt=attempts[0].prompt, final_answer="4")
    monkeypatch.setattr("datasets.services.preview.SCORED_IN_MEMORY", most)
    verify = {"criteria": CRITERIA, "min": 0, "missing": "score"}
    recipe = {"pair": PAIR, "verify": verify, "limit": None, "exact": exact}
    shown = send(curator, "preview", **recipe).json()["funnel"]
    assert send(curator, "build", **recipe).status_code == 201
    assert [line["pairs"] for line in shown if line["step"] == "pair"] == [2]
    assert DatasetPair.objects.count() == 2


@pytest.mark.parametrize("where", ON_SCORES)
@pytest.mark.parametrize("route", ["preview", "build"])
def test_a_filter_on_scores_that_it_would_store_is_refused(curator, attempts, where, route):
    wrong = {"criteria": CRITERIA, "value": 0}
    for trace in attempts if "criteria" in where else []:  # by another version
        Score.objects.create(trace=trace, scorer_version="0", **wrong)
    for trace in attempts[1::2] if "pass_rate" in where else []:
        Score.objects.create(trace=trace, scorer_version=SCORERS[CRITERIA].version, **wrong)
    before = Score.objects.count()
    answer = send(curator, route, pair=PAIR, where=where)
    assert answer.status_code == 400, answer.content
    ((name, (told,)),) = answer.json()["where"].items()
    assert (name in where, CRITERIA in told, "score-all" in told) == (True, True, True)
    assert Score.objects.count() == before


def test_it_is_taken_where_none_is_missing(curator, attempts):
    body = {"where": {}, "criteria": CRITERIA}
    assert curator.post("/api/traces/score-all", body, format="json").status_code == 202
    work_off("scoring")
    where = {"pass_rate": {"criteria": CRITERIA, "min": 0.1, "max": 0.9}}
    assert send(curator, "build", pair=PAIR, where=where).status_code == 201
    assert DatasetPair.objects.count() == 2


@pytest.mark.parametrize("reference", ["", " \n", None, ["2"], True, "not found", "N/A"])
def test_what_can_never_be_scored_hinders_nothing(curator, attempts, reference):
    body = {"where": {}, "criteria": CRITERIA}
    curator.post("/api/traces/score-all", body, format="json")
    work_off("scoring")
    TraceFactory(meta={"reference_answer": reference})
    where = {"pass_rate": {"criteria": CRITERIA, "min": 0.1, "max": 0.9}}
    assert send(curator, "preview", pair=PAIR, where=where).json()["unscored"] == {}
    assert send(curator, "build", pair=PAIR, where=where).status_code == 201


def test_the_same_request_again_scores_nothing(curator, attempts):
    body = {"where": {}, "criteria": CRITERIA}
    curator.post("/api/traces/score-all", body, format="json")
    work_off("scoring")
    where = {"pass_rate": {"criteria": CRITERIA, "min": 0.1, "max": 0.9}}
    first = send(curator, "build", pair=PAIR, where=where)
    TraceFactory(prompt=attempts[0].prompt, meta={"reference_answer": "2"})
    before = Score.objects.count()
    again = send(curator, "build", pair=PAIR, where=where)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert send(curator, "build", pair=PAIR).status_code == 409
    assert Score.objects.count() == before
