"""GET /api/datasets/{key}/why."""

from uuid import uuid4

import pytest

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import step
from traces.models import Trace
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db


def why(client, trace, key=None):
    key = key or Dataset.objects.get().key
    return client.get(f"/api/datasets/{key}/why?trace={getattr(trace, 'id', trace)}")


def out(step_name, reason, evidence=None) -> dict:
    return {"in": False, "step": step_name, "reason": reason, "evidence": evidence}


def test_a_trace_that_is_in_says_where(reader):
    traces = TraceFactory.create_batch(3)
    dataset = DatasetFactory(recipe__seed=1, recipe__splits={"all": 1.0})
    assert [why(reader, trace).json() for trace in traces] == [
        {"in": True, "position": position, "split": "all", "cluster": None, "group": None}
        for position in (2, 1, 0)
    ]
    assert dataset.removed.count() == 0


def test_a_trace_that_a_step_took_away_says_which_and_why(reader):
    kept, copy = TraceFactory.create_batch(
        2, prompt="Same?", final_answer="yes", steps=[step("same")]
    )
    low = TraceFactory()
    for trace, value in ((kept, 1), (copy, 1), (low, 0.25)):
        ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=value)
    verify = {"criteria": "judge", "scorer_version": "1"}
    DatasetFactory(recipe__exact=True, recipe__verify=verify)
    assert why(reader, copy).json() == out("exact", "same_content", {"trace": str(kept.id)})
    assert why(reader, low).json() == out("verify", "below_the_minimum", {"score": 0.25})


def test_a_removed_trace_that_was_deleted_is_still_explained(curator):
    _, copy = TraceFactory.create_batch(2, prompt="a", final_answer="b", steps=[step("c")])
    DatasetFactory(recipe__exact=True)
    identity = copy.id
    assert curator.delete(f"/api/traces/{identity}").status_code == 204
    assert why(curator, identity).json()["reason"] == "same_content"


def test_what_never_matched_says_so(reader):
    TraceFactory(meta={"source": "here"})
    other = TraceFactory(meta={"source": "there"})
    DatasetFactory(recipe__where={"source": "here"})
    later = TraceFactory(meta={"source": "here"})
    assert why(reader, other).json() == out("match", "did_not_match")
    assert why(reader, later).json() == out("match", "came_in_later")


@pytest.mark.parametrize("order", [{}, {"selection_strategy": "random", "seed": 5}])
def test_what_came_after_the_limit_says_so(reader, order):
    TraceFactory.create_batch(9, meta={"source": "here"})
    TraceFactory.create_batch(9, meta={"source": "there"})
    recipe = {f"recipe__{name}": value for name, value in order.items()}
    dataset = DatasetFactory(recipe__limit=4, recipe__where={"source": "here"}, **recipe)
    chosen = {item.trace_id for item in dataset.items.all()}
    for trace in Trace.objects.exclude(pk__in=chosen):
        known = (
            out("select", "beyond_the_limit", {"matches": "now"})
            if trace.source == "here"
            else out("match", "did_not_match")
        )
        assert why(reader, trace).json() == known
    assert dataset.removed.count() == 0  # a plain selection notes nothing


def test_what_came_after_the_limit_is_noted_by_recipes_with_steps(reader):
    traces = TraceFactory.create_batch(5)
    dataset = DatasetFactory(recipe__exact=True, recipe__limit=2)
    assert why(reader, traces[0]).json() == out("select", "beyond_the_limit")
    assert dataset.funnel[-2]["reasons"] == {"beyond_the_limit": 3}


def test_what_is_not_there_is_not_found(reader):
    TraceFactory()
    DatasetFactory()
    assert why(reader, uuid4()).status_code == 404
    assert why(reader, uuid4(), key="nobody-1").status_code == 404


@pytest.mark.parametrize("query", ["", "?trace=", "?trace=1", "?trace=%00", "?id=1"])
def test_a_bad_query_is_refused(reader, query):
    TraceFactory()
    key = DatasetFactory().key
    assert reader.get(f"/api/datasets/{key}/why{query}").status_code == 400


def test_what_matches_now_but_did_not_when_it_was_built_says_so(reader):
    TraceFactory()
    other = TraceFactory(status="rejected")
    DatasetFactory(recipe__where={"status": "unreviewed"})
    Trace.objects.filter(pk=other.pk).update(status="unreviewed")
    assert why(reader, other).json() == out("match", "did_not_match", {"matches": "now"})
