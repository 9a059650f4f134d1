"""The step that keeps traces with a score of at least so much."""

import pytest

from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import selected
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
