"""The step that keeps one trace of those with the same content."""

import pytest

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import selected, step
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

SAME = {"prompt": "Same?", "final_answer": "yes", "steps": [step("same")]}


def test_one_of_the_same_content_stays_and_the_others_say_which():
    kept, *copies = TraceFactory.create_batch(3, **SAME)
    other = TraceFactory()
    dataset = DatasetFactory(recipe__exact=True)
    assert {item.trace_id for item in dataset.items.all()} == {kept.id, other.id}
    assert {one.trace_id: (one.step, one.reason, one.because) for one in dataset.removed.all()} == {
        copy.id: ("exact", "same_content", {"trace": str(kept.id)}) for copy in copies
    }
    assert dataset.funnel[1]["reasons"] == {"same_content": 2}
    assert selected() and DatasetFactory().trace_count == 4  # noqa: PT018  # never a default


def test_an_approved_one_stays_before_others():
    TraceFactory(**SAME)
    approved = ApprovedTraceFactory(**SAME)
    assert selected(exact=True) == [approved.id]


def test_the_best_by_keep_stays_before_an_approved_one():
    ApprovedTraceFactory(**SAME)
    best = TraceFactory(**SAME)
    ScoreFactory(trace=best, criteria="judge", scorer_version="1", value=0.5)
    keep = [{"by": "score:judge", "scorer_version": "1"}]
    assert selected(exact=True, dedupe={"keep": keep}) == [best.id]


def test_traces_with_other_answers_or_steps_are_not_the_same():
    for changes in ({}, {"final_answer": "Yes"}, {"steps": [step("other")]}, {"prompt": "Same"}):
        TraceFactory(**SAME | changes)
    assert len(selected(exact=True)) == 4


def test_of_copies_one_that_verify_keeps_stays(curator, reader):
    bare, right, wrong, other = (
        TraceFactory(**SAME, meta=meta)
        for meta in (
            {},
            {"reference_answer": "yes"},
            {"reference_answer": "no"},
            {"reference_answer": "yes"},
        )
    )
    recipe = {"exact": True, "verify": {"criteria": "answer_correctness", "missing": "score"}}
    previewed = reader.post("/api/datasets/preview", recipe, format="json").json()
    assert [line["reasons"] for line in previewed["funnel"][1:3]] == [{"same_content": 3}, {}]
    body = {"dataset_name": "copies", "dataset_version": "1", **recipe}
    assert curator.post("/api/datasets/build", body, format="json").status_code == 201
    dataset = Dataset.objects.get()
    assert [item.trace_id for item in dataset.items.all()] == [right.id]
    assert {one.trace_id: (one.reason, one.because) for one in dataset.removed.all()} == {
        copy.id: ("same_content", {"trace": str(right.id)}) for copy in (bare, wrong, other)
    }


def test_the_best_of_those_that_verify_keeps_stays():
    low, high, best = TraceFactory.create_batch(3, **SAME)
    for trace, value in ((low, 0.2), (high, 0.6), (best, 0.9)):
        ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=value)
    verify = {"criteria": "judge", "scorer_version": "1", "min": 0.5}
    keep = [{"by": "score:judge", "scorer_version": "1", "order": "asc"}]
    assert selected(exact=True, verify=verify, dedupe={"keep": keep}) == [high.id]


def test_where_verify_keeps_none_the_one_that_stays_goes_with_its_reason():
    first, _ = TraceFactory.create_batch(2, **SAME)
    judged = TraceFactory()
    ScoreFactory(trace=judged, criteria="judge", scorer_version="1", value=1)
    dataset = DatasetFactory(
        recipe__exact=True, recipe__verify={"criteria": "judge", "scorer_version": "1"}
    )
    reasons = {one.reason: one.trace_id for one in dataset.removed.all()}
    assert reasons["no_score"] == first.id
    assert [item.trace_id for item in dataset.items.all()] == [judged.id]
