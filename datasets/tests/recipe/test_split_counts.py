"""Splits of so many traces, and splits by a key of meta."""

from collections import Counter

import pytest

from datasets.recipe.steps.split import fill
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import step
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.errors import Invalid

pytestmark = pytest.mark.django_db


def test_splits_get_as_many_as_are_asked_for_and_the_rest_is_not_in_the_dataset(reader):
    traces = TraceFactory.create_batch(12)
    dataset = DatasetFactory(recipe__seed=3, recipe__split_counts={"train": 6, "test": 2})
    assert dataset.stats["split_counts"] == {"test": 2, "train": 6}
    items = list(dataset.items.order_by("position"))
    assert Counter(item.split for item in items) == {"train": 6, "test": 2}
    assert [item.position for item in items] == list(range(8))
    kept = [item.trace_id for item in items]
    assert kept == sorted(kept, reverse=True)  # still the latest first
    assert (dataset.trace_count, dataset.matched_count) == (8, 12)
    assert dataset.funnel[-1]["reasons"] == {"left_over": 4}
    for query, count in (("", 8), ("?split=test", 2), ("?after=6", 2)):
        lines = reader.get(f"/api/datasets/{dataset.key}/export.jsonl{query}").getvalue()
        assert len(lines.splitlines()) == count
    left_over = next(trace for trace in traces if trace.id not in kept)
    why = reader.get(f"/api/datasets/{dataset.key}/why?trace={left_over.id}").json()
    assert why == {"in": False, "step": "split", "reason": "left_over", "evidence": None}


def test_what_a_limit_left_is_counted_out(reader):
    TraceFactory.create_batch(9)
    recipe = {"limit": 6, "seed": 1, "split_counts": {"train": 4}}
    dataset = DatasetFactory(**{f"recipe__{name}": value for name, value in recipe.items()})
    assert [line["reasons"] for line in dataset.funnel] == [
        {},
        {"beyond_the_limit": 3},
        {"left_over": 2},
    ]
    shown = reader.post("/api/datasets/preview", recipe, format="json").json()
    assert shown["splits"] == {"train": 4}
    assert len(shown["samples"]["split"]) == 2


def test_a_count_may_be_written_as_any_whole_number(curator):
    TraceFactory.create_batch(3)
    asked = {"dataset_name": "set", "dataset_version": "1", "seed": 1, "split_counts": {"a": 2.0}}
    assert curator.post("/api/datasets/build", asked, format="json").status_code == 201
    assert curator.get("/api/datasets/set-1").json()["recipe"]["split_counts"] == {"a": 2}


@pytest.mark.parametrize("by", ["prompt", "trace", "meta.book"])
def test_groups_stay_whole(by):
    for number in range(8):
        for attempt in range(3):
            TraceFactory(
                prompt=f"{number}?", steps=[step(str(attempt))], meta={"book": number // 2}
            )
    counts = {"train": 12, "test": 6}
    dataset = DatasetFactory(recipe__seed=1, recipe__split_counts=counts, recipe__split_by=by)
    group = {
        "prompt": lambda trace: trace.prompt,
        "trace": lambda trace: trace.id,
        "meta.book": lambda trace: trace.meta["book"],
    }[by]
    items = list(dataset.items.select_related("trace"))
    assert len({(group(item.trace), item.split) for item in items}) == len(
        {group(item.trace) for item in items}
    )
    assert dataset.stats["split_counts"] == counts


def test_traces_of_a_value_share_a_split_by_shares():
    for number in range(40):
        TraceFactory(meta={"book": number % 10})
    TraceFactory.create_batch(2, meta={})
    splits = {"train": 0.5, "test": 0.5}
    dataset = DatasetFactory(
        recipe__seed=2, recipe__splits=splits, recipe__split_by="meta.book", recipe__limit=None
    )
    items = dataset.items.select_related("trace")
    assert len({(item.trace.meta.get("book"), item.split) for item in items}) == 11
    assert all(dataset.stats["split_counts"].values())


def test_more_than_there_is_is_refused():
    TraceFactory.create_batch(3)
    with pytest.raises(Invalid) as refused:
        DatasetFactory(recipe__seed=3, recipe__split_counts={"train": 3, "test": 1})
    assert refused.value.detail == {"split_counts": ["They are 4 in all, and 3 are there."]}


def test_a_split_that_no_group_fits_into_is_refused():
    for text in ("one", "two"):
        TraceFactory(prompt="Same?", steps=[step(text)])
    with pytest.raises(Invalid) as refused:
        DatasetFactory(recipe__seed=3, recipe__split_counts={"train": 1})
    assert "no group" in refused.value.detail["split_counts"][0]


def test_each_group_goes_to_the_first_split_with_room_for_all_of_it():
    groups = [("x", 2), ("y", 2), ("z", 1), ("w", 9), ("v", 1)]
    assert list(fill({"b": 3, "a": 3}, groups)) == [("x", "a"), ("y", "b"), ("z", "a"), ("v", "b")]


@pytest.mark.parametrize("splits", [{"splits": {"a": 1.0}}, {"split_counts": {"a": 3}}])
def test_why_names_the_value_that_a_trace_shares_its_split_with(reader, splits):
    traces = [TraceFactory(meta={"book": {"name": name}}) for name in ("x", "x" * 300)]
    traces.append(TraceFactory(meta={}))
    recipe = {f"recipe__{name}": value for name, value in splits.items()}
    dataset = DatasetFactory(recipe__seed=1, recipe__split_by="meta.book.name", **recipe)
    groups = [
        reader.get(f"/api/datasets/{dataset.key}/why?trace={trace.id}").json()["group"]
        for trace in traces
    ]
    assert groups == ["x", "x" * 200, ""]


def test_the_group_stands_beside_what_else_was_found_out():
    trace = TraceFactory(meta={"book": 7})
    ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=1)
    dataset = DatasetFactory(
        recipe__seed=1,
        recipe__verify={"criteria": "judge", "scorer_version": "1"},
        recipe__split_by="meta.book",
        recipe__splits={"a": 1.0},
    )
    assert dataset.items.get().facts == {"verified": 1, "group": "7"}
