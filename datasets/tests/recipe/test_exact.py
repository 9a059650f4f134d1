"""The step that keeps one trace of those with the same content."""

import pytest

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
