"""What a recipe selects, in which order and into which splits."""

import random
import subprocess
import sys

import pytest

from datasets.models import Dataset
from datasets.recipe.selection import thresholds
from datasets.services.delete import delete_dataset
from datasets.tests import reference
from datasets.tests.factories import DatasetFactory
from traces.models import Score, Trace
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from tunix_site.errors import Invalid

pytestmark = pytest.mark.django_db


def selected(**recipe) -> list:
    dataset = DatasetFactory(**{f"recipe__{name}": value for name, value in recipe.items()})
    return [item.trace_id for item in dataset.items.order_by("position")]


def ids(traces) -> list:
    return [trace.id for trace in traces]


def test_latest_takes_the_newest_first_up_to_the_limit():
    traces = TraceFactory.create_batch(5)
    assert selected(limit=3) == ids(reversed(traces[2:]))


def test_no_limit_takes_all():
    TraceFactory.create_batch(120)
    assert len(selected(limit=None)) == 120


def test_positions_count_from_zero_without_gaps():
    TraceFactory.create_batch(4)
    dataset = DatasetFactory(recipe__selection_strategy="random", recipe__seed=1)
    assert list(dataset.items.order_by("position").values_list("position", flat=True)) == [
        *range(4)
    ]


@pytest.mark.parametrize(
    ("wanted", "others"),
    [
        (3, ["3", 3.5, True, None, [3], {"a": 3}]),
        ("3", [3, ["3"]]),
        (True, [1, "true"]),
        (1, [True]),
        (None, [0, "", False, "null"]),
        (0.5, ["0.5", 5]),
        (1e22, ["1e22"]),
        ("naïve\n", ["naïve"]),
    ],
)
def test_filters_compare_by_json_type(wanted, others):
    trace = TraceFactory(meta={"key": wanted})
    for other in others:
        TraceFactory(meta={"key": other})
    TraceFactory(meta={})
    assert selected(filters={"key": wanted}) == [trace.id]


def test_filters_are_all_held_and_keys_are_literal():
    trace = TraceFactory(meta={"a.b": 1, "c": "x"})
    TraceFactory(meta={"a": {"b": 1}, "c": "x"})
    TraceFactory(meta={"a.b": 1, "c": "y"})
    assert selected(filters={"a.b": 1, "c": "x"}) == [trace.id]


def test_traces_without_meta_do_not_disturb_filters():
    TraceFactory(meta=None)
    trace = TraceFactory(meta={"source": "here"})
    TraceFactory(meta=None)
    assert selected(filters={"source": "here"}) == [trace.id]
    assert len(selected()) == 3


def test_filters_see_all_rows_and_not_the_newest_alone():
    old = TraceFactory(meta={"wanted": True})
    Trace.objects.bulk_create(TraceFactory.build_batch(1_500))
    assert selected(filters={"wanted": True}, limit=1) == [old.id]


def test_where_takes_the_filters_of_the_list():
    trace = ApprovedTraceFactory(meta={"level": {"deep": 2}})
    ApprovedTraceFactory(meta={"level": {"deep": 3}})
    TraceFactory(meta={"level": {"deep": 2}})
    assert selected(where={"status": "approved", "meta.level.deep": 2}) == [trace.id]


def test_where_selects_by_score():
    good, bad = TraceFactory.create_batch(2)
    Score.objects.create(trace=good, criteria="judge", scorer_version="1", value=0.9)
    Score.objects.create(trace=bad, criteria="judge", scorer_version="1", value=0.1)
    assert selected(where={"criteria": "judge", "min_score": 0.5}) == [good.id]


def test_nothing_matched_builds_nothing():
    TraceFactory()
    with pytest.raises(Invalid):
        DatasetFactory(recipe__filters={"source": "nowhere"})
    assert not Dataset.objects.exists()


def test_random_order_is_that_of_the_reference():
    traces = TraceFactory.create_batch(40)
    wanted = reference.random_order(traces, seed=-5)
    assert selected(selection_strategy="random", seed=-5) == ids(wanted)
    assert selected(selection_strategy="random", seed=-5, limit=7) == ids(wanted[:7])
    assert selected(selection_strategy="random", seed=-6) != ids(wanted)


def test_equal_contents_are_ordered_by_id():
    again = {"prompt": "Same?", "final_answer": "yes", "steps": [step("same")]}
    traces = TraceFactory.create_batch(5, **again)
    assert selected(selection_strategy="random", seed=1) == ids(traces)


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


def test_the_digest_is_over_contents_and_splits_in_order():
    TraceFactory.create_batch(9)
    splits = {"a": 0.4, "b": 0.6}
    dataset = DatasetFactory(
        recipe__selection_strategy="random", recipe__seed=2, recipe__splits=splits
    )
    rows = [(item.trace, item.split) for item in dataset.items.order_by("position")]
    assert dataset.content_digest == reference.content_digest(rows)
    unsplit = DatasetFactory(recipe__selection_strategy="random", recipe__seed=2)
    assert unsplit.content_digest == reference.content_digest([(trace, "") for trace, _ in rows])
    assert unsplit.content_digest != dataset.content_digest


def test_the_same_traces_stored_in_another_order_give_the_same_dataset():
    contents = [{"prompt": f"Question {n}", "steps": [step(f"Step {n}")]} for n in range(25)]
    recipe = {
        "recipe__selection_strategy": "random",
        "recipe__seed": 2**63 - 1,
        "recipe__limit": 10,
        "recipe__splits": {"train": 0.8, "validation": 0.2},
    }
    digests = set()
    for _ in range(2):
        for content in contents:
            TraceFactory(final_answer="", **content)
        dataset = DatasetFactory(**recipe)
        digests.add(dataset.content_digest)
        delete_dataset(dataset=dataset)
        Trace.objects.all().delete()
        random.Random(4).shuffle(contents)
    assert len(digests) == 1


def test_selection_does_not_depend_on_the_process():
    """Python's own hashing and random numbers differ from process to process."""
    program = (
        "import django; django.setup()\n"
        "from datasets.recipe.recipe import Recipe\n"
        "from datasets.recipe.selection import selection\n"
        "splits = {name: 0.25 for name in 'dbca'}\n"
        "print(selection(Recipe(selection_strategy='random', seed=9, splits=splits)))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, text=True
        ).stdout
        for _ in range(2)
    }
    assert len(runs) == 1


def test_stats_describe_the_selection():
    TraceFactory(prompt="ab", final_answer="c", steps=[step("four")])
    TraceFactory(prompt="ab", final_answer="", steps=[step("1"), step("2", i=1), step("3", i=2)])
    assert DatasetFactory().stats == {
        "trace_count": 2,
        "avg_step_count": 2.0,
        "min_step_count": 1,
        "max_step_count": 3,
        "avg_total_chars": 6.0,
        "max_total_chars": 7,
        "split_counts": {},
    }


def test_a_split_that_got_nothing_is_counted():
    TraceFactory()
    dataset = DatasetFactory(recipe__seed=1, recipe__splits={"a": 0.5, "b": 0.5})
    assert sorted(dataset.stats["split_counts"].values()) == [0, 1]


def step(content: str, i: int = 0) -> dict:
    return {"i": i, "type": "reasoning", "content": content}
