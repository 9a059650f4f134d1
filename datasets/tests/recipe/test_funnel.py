"""What a manifest says of each step."""

import pytest

from datasets.models import Dataset
from datasets.recipe.funnel import STEPS
from datasets.tests.factories import DatasetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def steps_of(dataset: Dataset) -> list:
    return [(line["step"], line["in"], line["out"], line["reasons"]) for line in dataset.funnel]


def test_each_step_says_what_came_and_what_it_left_and_why(curator):
    TraceFactory.create_batch(5, meta={"kind": "wanted"})
    TraceFactory.create_batch(2, meta={"kind": "other"})
    asked = {
        "dataset_name": "set",
        "dataset_version": "1",
        "filters": {"kind": "wanted"},
        "limit": 3,
        "seed": 1,
        "splits": {"all": 1.0},
    }
    built = curator.post("/api/datasets/build", asked, format="json").json()
    funnel = curator.get("/api/datasets/set-1").json()["funnel"]
    assert [{**line, "seconds": 0} for line in funnel] == [
        {"step": "match", "in": 7, "out": 5, "reasons": {"did_not_match": 2}, "seconds": 0},
        {"step": "select", "in": 5, "out": 3, "reasons": {"beyond_the_limit": 2}, "seconds": 0},
        {"step": "split", "in": 3, "out": 3, "reasons": {}, "seconds": 0},
    ]
    assert all(0 <= line["seconds"] < 60 for line in funnel)
    assert (built["matched_count"], built["trace_count"]) == (5, 3)


@pytest.mark.parametrize("limit", [None, 4, 9])
def test_what_removes_nothing_names_no_reason(limit):
    TraceFactory.create_batch(4)
    dataset = DatasetFactory(recipe__limit=limit)
    assert steps_of(dataset) == [(name, 4, 4, {}) for name in ("match", "select", "split")]


def test_the_steps_are_taken_in_this_order():
    judging = ["exact", "decontaminate", "verify", "dedupe"]
    assert list(STEPS) == ["match", *judging, "select", "split", "pair"]


def test_a_step_that_nobody_asks_for_is_not_told_of():
    TraceFactory.create_batch(2)
    dataset = DatasetFactory(recipe__exact=True)
    assert [line["step"] for line in dataset.funnel] == ["match", "exact", "select", "split"]


def test_several_builds_in_one_transaction_do_not_meet():
    TraceFactory.create_batch(3)
    datasets = [DatasetFactory(recipe__limit=limit) for limit in (3, 1, None)]
    assert [dataset.trace_count for dataset in datasets] == [3, 1, 3]
