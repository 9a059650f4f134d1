"""POST /api/traces/{id}/score and GET /api/traces/{id}/scores."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from traces.models import Score, Trace
from traces.scorers import known, program
from traces.scorers.scorer import Scored, Scorer
from traces.scorers.symbolic.process import PROGRAM
from traces.tests.concurrency import at_once, elsewhere, just_before, like
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db


def score(client, trace, body=None):
    body = {"criteria": "baseline"} if body is None else body
    return client.post(f"/api/traces/{trace.id}/score", body, format="json")


def scores(client, trace) -> list[dict]:
    return client.get(f"/api/traces/{trace.id}/scores").json()


def steps_of(*lengths: int) -> list[dict]:
    """Give steps of so many characters, each of more than one byte."""
    return [{"i": i, "type": "a", "content": "é" * length} for i, length in enumerate(lengths)]


@pytest.mark.parametrize("body", [{}, {"criteria": "baseline"}])
def test_a_score_is_answered_and_stored(curator, body):
    trace = TraceFactory(steps=steps_of(100, 250, 300))
    response = score(curator, trace, body)
    assert response.status_code == 201
    answer = response.json()
    scored_at = datetime.fromisoformat(answer["details"]["scored_at"])
    assert abs(timezone.now() - scored_at) < timedelta(minutes=5)
    assert answer == {
        "trace_id": str(trace.id),
        "score": 36.67,
        "details": {
            "step_count": 3,
            "avg_step_length": 216.67,
            "total_chars": 650,
            "step_score": 15.0,
            "length_score": 21.67,
            "criteria": "baseline",
            "scored_at": answer["details"]["scored_at"],
        },
    }
    (listed,) = scores(curator, trace)
    assert datetime.fromisoformat(listed["created_at"]) == Score.objects.get().created_at
    assert listed == {
        "trace": str(trace.id),
        "criteria": "baseline",
        "scorer_version": "1",
        "value": 36.67,
        "details": answer["details"],
        "created_at": listed["created_at"],
    }
    assert curator.get(f"/api/traces/{trace.id}").json()["scores"] == [listed]


@pytest.mark.parametrize(
    ("criteria", "value"),
    [("answer_correctness", 1.0), ("answer_consistency", 1.0), ("format", 1.0), ("length", 45.0)],
)
def test_each_criterion_is_scored_by_its_version(curator, criteria, value):
    steps = [{"i": 0, "type": "reasoning", "content": "2 plus 2 = 4"}]
    trace = TraceFactory(
        prompt="How many are two and two, then?",
        steps=steps,
        final_answer="4.",
        meta={"reference_answer": "4"},
    )
    response = score(curator, trace, {"criteria": criteria})
    assert (response.status_code, response.json()["score"]) == (201, value)
    (listed,) = scores(curator, trace)
    assert (listed["criteria"], listed["scorer_version"]) == (criteria, "tunix-1")
    assert (listed["value"], listed["details"]) == (value, response.json()["details"])


def test_a_score_may_be_undecided(curator):
    trace = TraceFactory(final_answer="42!", meta={"reference_answer": "42"})
    response = score(curator, trace, {"criteria": "answer_correctness"})
    assert (response.status_code, response.json()["score"]) == (201, None)
    details = response.json()["details"]
    assert (details["outcome"], details["reason"]) == ("undecided", "a factorial")
    assert [found["value"] for found in scores(curator, trace)] == [None]
    page = curator.get("/api/traces?criteria=answer_correctness&outcome=undecided").json()
    assert [row["id"] for row in page["results"]] == [str(trace.id)]


def test_what_a_scorer_needs_and_a_trace_lacks_is_named(curator):
    response = score(curator, TraceFactory(meta={}), {"criteria": "answer_correctness"})
    assert response.status_code == 400
    assert response.json() == {
        "criteria": [
            "`answer_correctness`: The trace has no `meta.reference_answer`, a text or a number,"
            " to compare with."
        ]
    }
    assert not Score.objects.exists()


def test_a_scorer_that_is_busy_asks_to_come_again(curator, monkeypatch):
    monkeypatch.setattr(program, "WAIT_SECONDS", 0.01)
    trace = TraceFactory(final_answer="(x+1)(x-1)", meta={"reference_answer": "x^2-1"})
    with PROGRAM._lock:
        response = score(curator, trace, {"criteria": "answer_correctness"})
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert not Score.objects.exists()


def test_a_trace_is_scored_once_per_version(curator, monkeypatch):
    trace = TraceFactory()
    first, again = score(curator, trace).json(), score(curator, trace).json()
    assert again["score"] == first["score"]
    assert [found["details"] for found in scores(curator, trace)] == [again["details"]]

    newer = Scorer(criteria="baseline", version="2", score=lambda content: Scored(1.5, {}))
    monkeypatch.setitem(known.SCORERS, "baseline", newer)
    score(curator, trace)
    found = [(score["scorer_version"], score["value"]) for score in scores(curator, trace)]
    assert found == [("2", 1.5), ("1", first["score"])]


def test_scores_are_listed_newest_first_as_a_plain_list(reader):
    trace = TraceFactory()
    ScoreFactory()
    values = [ScoreFactory(trace=trace, scorer_version=str(n), value=n).value for n in range(30)]
    assert [score["value"] for score in scores(reader, trace)] == values[::-1]


def test_without_scores_the_list_is_empty(reader):
    assert scores(reader, TraceFactory()) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"criteria": ""}, "criteria"),
        ({"criteria": "Baseline"}, "criteria"),
        ({"criteria": "judge"}, "criteria"),
        ({"criteria": None}, "criteria"),
        ({"criteria": 1}, "criteria"),
        ({"criteria": ["baseline"]}, "criteria"),
        ({"criteria": "a\0"}, "criteria"),
        ({"criteria": "baseline", "value": 5}, "value"),
        ([], "non_field_errors"),
        ("baseline", "non_field_errors"),
    ],
)
def test_what_is_refused_names_its_field(curator, body, field):
    response = score(curator, TraceFactory(), body)
    assert (response.status_code, list(response.json())) == (400, [field])
    assert not Score.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"), [("get", "score"), ("post", "scores"), ("put", "score")]
)
def test_other_methods_are_not_there(curator, method, path):
    response = getattr(curator, method)(f"/api/traces/{TraceFactory().id}/{path}")
    assert response.status_code == 405


@pytest.mark.django_db(transaction=True)
def test_many_at_once_store_one_score(curator):
    trace = TraceFactory()
    answers = at_once([partial(score, like(curator), trace) for _ in range(8)])
    assert {answer.status_code for answer in answers} == {201}
    assert len(scores(curator, trace)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_trace_deleted_meanwhile_is_not_found(curator):
    trace = TraceFactory()
    with just_before("FOR NO KEY UPDATE", lambda: elsewhere(Trace.objects.all().delete)):
        response = score(curator, trace)
    assert response.status_code == 404
    assert not Score.objects.exists()
