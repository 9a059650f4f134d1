"""The step that keeps traces with a score of at least so much."""

import pytest

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import selected
from jobs.models import Job
from jobs.tests.working import work_off
from traces.models import Score
from traces.scorers.agreement import AGREEMENT
from traces.scorers.known import SCORERS
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

JUDGED = {"criteria": "judge", "scorer_version": "2"}


def scored(value: float | None, **score):
    trace = TraceFactory()
    ScoreFactory(trace=trace, value=value, **{**JUDGED, **score})
    return trace


def test_traces_with_too_little_or_no_score_go_and_say_so(reader):
    good, bad, none = scored(0.7), scored(0.4), TraceFactory()
    dataset = DatasetFactory(recipe__verify={**JUDGED, "min": 0.5})
    assert [item.trace_id for item in dataset.items.all()] == [good.id]
    assert [item.facts for item in dataset.items.all()] == [{"verified": 0.7}]
    assert {one.trace_id: (one.reason, one.because) for one in dataset.removed.all()} == {
        bad.id: ("below_the_minimum", {"score": 0.4}),
        none.id: ("no_score", None),
    }
    shown = reader.get(f"/api/datasets/{dataset.key}").json()
    assert shown["verified_by"] == {**JUDGED, "min": 0.5}
    assert shown["funnel"][1]["reasons"] == {"below_the_minimum": 1, "no_score": 1}


def test_a_trace_without_a_score_stays_where_the_recipe_says_so():
    good, _, none = scored(1), scored(0.4), TraceFactory()
    assert selected(verify={**JUDGED, "missing": "keep"}) == [none.id, good.id]


def test_a_trace_whose_score_is_undecided_goes_unless_the_recipe_says_otherwise():
    good, undecided = scored(1), scored(None, details={"outcome": "undecided"})
    dataset = DatasetFactory(recipe__verify=JUDGED)
    assert [item.trace_id for item in dataset.items.all()] == [good.id]
    removed = dataset.removed.get()
    assert (removed.trace_id, removed.reason, removed.because) == (undecided.id, "undecided", None)
    kept = DatasetFactory(recipe__verify={**JUDGED, "undecided": "keep"})
    facts = {item.trace_id: item.facts for item in kept.items.all()}
    assert facts == {good.id: {"verified": 1}, undecided.id: {"verified": None}}


def test_scores_of_other_versions_and_criteria_do_not_count():
    scored(1, scorer_version="1")
    scored(1, criteria="other")
    good = scored(1)
    assert selected(verify=JUDGED) == [good.id]


def test_the_version_is_the_server_s_own_unless_one_is_named():
    own = SCORERS["baseline"].version
    scored(90, criteria="baseline", scorer_version="of another server")
    good = scored(90, criteria="baseline", scorer_version=own)
    dataset = DatasetFactory(recipe__verify={"criteria": "baseline", "min": 50})
    assert [item.trace_id for item in dataset.items.all()] == [good.id]
    assert dataset.findings["verified_by"]["scorer_version"] == own


def test_a_dataset_that_nobody_asked_to_verify_says_nothing_of_it(reader):
    TraceFactory()
    dataset = DatasetFactory()
    assert "verified_by" not in reader.get(f"/api/datasets/{dataset.key}").json()
    assert [item.facts for item in dataset.items.all()] == [None]


SCORED_FIRST = {"criteria": "answer_correctness", "missing": "score"}


def answered(answer: str, **fields):
    return TraceFactory(final_answer=answer, meta={"reference_answer": "4"}, **fields)


def build(client, **recipe):
    body = {"dataset_name": "verified", "dataset_version": "1", **recipe}
    return client.post("/api/datasets/build", body, format="json")


def test_what_lacks_a_score_gets_one_first(curator, reader):
    right, wrong, bare = answered("4"), answered("5"), TraceFactory()
    built = build(curator, verify=SCORED_FIRST)
    assert (built.status_code, built.json()["trace_count"]) == (201, 1)
    scores = Score.objects.filter(scorer_version=SCORERS["answer_correctness"].version)
    assert dict(scores.values_list("trace_id", "value")) == {right.id: 1, wrong.id: 0}
    shown = reader.get("/api/datasets/verified-1").json()
    assert shown["funnel"][1]["reasons"] == {"below_the_minimum": 1, "no_score": 1}
    assert shown["recipe"]["verify"]["missing"] == "score"
    why = reader.get(f"/api/datasets/verified-1/why?trace={bare.id}").json()
    assert (why["step"], why["reason"]) == ("verify", "no_score")


def test_a_stored_score_is_not_computed_again(curator):
    version = SCORERS["answer_correctness"].version
    judged = answered("5")
    ScoreFactory(trace=judged, criteria="answer_correctness", scorer_version=version, value=1)
    assert build(curator, verify=SCORED_FIRST).json()["trace_count"] == 1
    assert Score.objects.get().value == 1


def test_a_preview_scores_some_in_memory(reader, monkeypatch):
    answered("4"), answered("5"), TraceFactory()

    def reasons() -> dict:
        body = {"verify": SCORED_FIRST}
        answer = reader.post("/api/datasets/preview", body, format="json").json()
        return answer["funnel"][1]["reasons"]

    assert reasons() == {"below_the_minimum": 1, "no_score": 1}
    assert Score.objects.count() == 0
    monkeypatch.setattr("datasets.services.preview.SCORED_IN_MEMORY", 1)
    assert reasons() == {"no_score": 2}  # the oldest of them was scored


def test_many_missing_scores_are_a_job_which_tells_of_them(curator, monkeypatch):
    monkeypatch.setattr("datasets.services.build.MOST_SCORED", 1)
    answered("4"), answered("5")
    answer = build(curator, verify=SCORED_FIRST)
    assert (answer.status_code, answer.json()["kind"]) == (202, "build")
    work_off("builds")
    job = Job.objects.get()
    assert (job.state, job.result["trace_count"]) == ("succeeded", 1)
    assert Score.objects.count() == 2


def test_how_far_attempts_agree_counts_as_it_is_stored(curator):
    """It is no score of one trace: a build computes none."""
    prompt = "What is 2 + 2?"
    most = [TraceFactory(prompt=prompt, final_answer="4") for _ in range(3)]
    TraceFactory(prompt=prompt, final_answer="5")
    asked = {"where": {}, "criteria": "agreement"}
    assert curator.post("/api/traces/score-all", asked, format="json").status_code == 202
    work_off("scoring")
    TraceFactory(prompt=prompt, final_answer="4")  # which nobody scored
    recipe = {
        "where": {"pass_rate": {"criteria": "agreement"}},
        "verify": {"criteria": "agreement", "min": 0.75},
        "dedupe": {"per_prompt": 3, "keep": [{"by": "score:agreement"}]},
    }
    built = build(curator, **recipe)
    assert (built.status_code, built.json()["trace_count"]) == (201, 3)
    dataset = Dataset.objects.get()
    assert {item.trace_id for item in dataset.items.all()} == {trace.id for trace in most}
    assert dataset.findings["verified_by"]["scorer_version"] == AGREEMENT.version
    recipe["verify"]["missing"] = "score"
    refused = build(curator, **recipe)
    assert (refused.status_code, list(refused.json()["verify"])) == (400, ["missing"])


@pytest.mark.parametrize(
    "verify",
    [
        {"criteria": "answer_correctness", "scorer_version": "another's", "missing": "score"},
        {"criteria": "judge", "scorer_version": "2", "missing": "score"},
    ],
)
def test_a_score_of_others_cannot_be_computed(curator, verify):
    answered("4")
    answer = build(curator, verify=verify)
    assert answer.status_code == 400
    assert list(answer.json()["verify"]) == ["missing"]
    assert Score.objects.count() == 0
