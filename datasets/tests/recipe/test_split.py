"""The step that puts what was selected into splits."""

import pytest

from datasets.recipe.steps.split import thresholds
from datasets.tests import reference
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import step
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("by", ["prompt", "trace"])
def test_splits_are_those_of_the_reference(by):
    splits = {"train": 0.7, "validation": 0.2, "test": 0.1}
    traces = TraceFactory.create_batch(60)
    dataset = DatasetFactory(recipe__seed=11, recipe__splits=splits, recipe__split_by=by)
    for item in dataset.items.select_related("trace"):
        assert item.split == reference.split_of(item.trace, 11, splits, by=by)
    assert dataset.stats["split_counts"].keys() == splits.keys()
    assert sum(dataset.stats["split_counts"].values()) == len(traces)
    assert all(dataset.stats["split_counts"].values())


def test_a_prompt_stays_in_one_split():
    for n in range(30):
        for spelled in (f"How  many {n}?", f"how many {n}? "):
            TraceFactory(prompt=spelled, steps=[step(spelled)])
    splits = {"a": 0.5, "b": 0.5}
    dataset = DatasetFactory(recipe__seed=3, recipe__splits=splits)
    assert len(set(dataset.items.values_list("trace__prompt_hash", "split"))) == 30
    dataset = DatasetFactory(recipe__seed=3, recipe__splits=splits, recipe__split_by="trace")
    assert len(set(dataset.items.values_list("trace__prompt_hash", "split"))) > 30


def test_the_first_rows_of_a_random_order_are_in_all_splits():
    TraceFactory.create_batch(200)
    dataset = DatasetFactory(
        recipe__selection_strategy="random",
        recipe__seed=5,
        recipe__limit=50,
        recipe__splits={"a": 0.5, "b": 0.5},
        recipe__split_by="trace",
    )
    assert min(dataset.stats["split_counts"].values()) > 10


def test_the_order_of_split_names_does_not_matter():
    TraceFactory.create_batch(30)
    one = DatasetFactory(recipe__seed=1, recipe__splits={"a": 0.2, "b": 0.8})
    other = DatasetFactory(recipe__seed=1, recipe__splits={"b": 0.8, "a": 0.2})
    assert one.content_digest == other.content_digest


def test_thresholds_cover_the_whole_range():
    assert thresholds({"only": 1.0}) == [("only", 2**52)]
    tenths = {str(n): 0.1 for n in range(10)}
    bounds = [bound for _, bound in thresholds(tenths)]
    assert bounds == sorted(bounds)
    assert bounds[-1] == 2**52


def test_a_split_that_got_nothing_is_counted():
    TraceFactory()
    dataset = DatasetFactory(recipe__seed=1, recipe__splits={"a": 0.5, "b": 0.5})
    assert sorted(dataset.stats["split_counts"].values()) == [0, 1]
