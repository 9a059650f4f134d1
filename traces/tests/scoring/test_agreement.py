"""The criterion `agreement`, over the attempts that a job's `where` matches."""

import pytest

from traces.models import Score, Trace
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.scoring.test_score_all import post, scored

pytestmark = pytest.mark.django_db


def attempts(prompt, *answers, **fields) -> list[Trace]:
    return [TraceFactory(prompt=prompt, final_answer=answer, **fields) for answer in answers]


def value(trace: Trace) -> float | None:
    return trace.scores.get(criteria="agreement").value


def test_attempts_are_scored_by_the_others_at_their_prompt(curator):
    sums = attempts("What is 2+2?", "4", "4.0", "5")
    product = attempts("What is 2*3?", "6")
    result = scored(curator, {}, "agreement")
    assert result == {"scorer_version": "tunix-1", "scored_count": 4, "undecided_count": 0}
    assert [value(one) for one in sums] == [2 / 3, 2 / 3, 1 / 3]
    assert value(product[0]) == 1
    details = sums[0].scores.get().details
    assert details["attempts"] == 3
    assert details["criteria"] == "agreement"


def test_the_attempts_that_match_count_alone(curator):
    mine = attempts("What is 2+2?", "4", "5", meta={"source": "mine"})
    (other,) = attempts("What is 2+2?", "4", meta={"source": "other"})
    scored(curator, {"source": "mine"}, "agreement")
    assert [value(one) for one in mine] == [0.5, 0.5]
    assert not other.scores.exists()


def test_only_those_without_a_score_get_one_and_all_count(curator):
    first, second = attempts("What is 2+2?", "4", "4")
    ScoreFactory(trace=first, criteria="agreement", scorer_version="tunix-1", value=0.1)
    assert scored(curator, {}, "agreement")["scored_count"] == 1
    assert (value(first), value(second)) == (0.1, 1.0)
    assert scored(curator, {}, "agreement", missing_only=False)["scored_count"] == 2
    assert value(first) == 1.0


def test_prompts_are_taken_in_any_number_of_batches(curator, monkeypatch):
    monkeypatch.setattr("traces.services.scoring.prompts.PROMPTS_AT_ONCE", 2)
    monkeypatch.setattr("traces.services.scoring.prompts.ATTEMPTS_AT_ONCE", 3)
    for number in range(5):
        attempts(f"What is {number}+1?", "4", "4", "5", "4" if number else "5")
    assert scored(curator, {}, "agreement")["scored_count"] == 20
    found = sorted(Score.objects.values_list("value", flat=True))
    assert found == sorted([0.5] * 4 + [0.75, 0.75, 0.75, 0.25] * 4)


def test_of_very_many_attempts_the_newest_count(curator, monkeypatch):
    monkeypatch.setattr("traces.services.scoring.prompts.MAX_ATTEMPTS", 3)
    old, *new = attempts("What is 2+2?", "5", "4", "4", "4")
    assert scored(curator, {}, "agreement")["scored_count"] == 3
    assert [value(one) for one in new] == [1, 1, 1]
    assert not old.scores.exists()


def test_long_answers_are_equal_where_their_texts_are(curator):
    long = attempts("Prove it.", "a" * 5_000, "a" * 5_000, "a" * 4_999 + "b")
    scored(curator, {}, "agreement")
    assert [value(one) for one in long] == [2 / 3, 2 / 3, 1 / 3]


def test_it_is_not_computed_of_one_trace(curator):
    body = {"criteria": "agreement"}
    response = curator.post(f"/api/traces/{TraceFactory().pk}/score", body, format="json")
    assert response.status_code == 400
    assert "criteria" in response.json()
    assert post(curator, {}, "agreement").status_code == 202
