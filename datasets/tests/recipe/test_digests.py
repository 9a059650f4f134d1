"""What is built: the same of the same traces, by every version."""

import random

import pytest

from datasets.services.delete import delete_dataset
from datasets.tests import reference
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import step
from events.tests.acting import acting
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

SHARES = {"train": 0.5, "validation": 0.3, "test": 0.2}


@pytest.mark.parametrize(
    ("recipe", "digest"),
    [
        ({}, "99a59891cf25c6c8643975516aad73af821b5324eeddef5695ca381127768ffd"),
        ({"limit": 9}, "1cd4fa295734d07841fa619b9183fc77cf23c8813e8f1b0f653d68747b1c6a80"),
        (
            {"selection_strategy": "random", "seed": 7},
            "efbd86480bd5c8bbe085aa096a1b4520fbdd04e3320100ad751329e4027b9151",
        ),
        (
            {"selection_strategy": "random", "seed": -(2**63), "limit": 11},
            "60b1cddef9f1d3c09b6b3961bf716b289f7615011a070f5796808e2907ac36af",
        ),
        (
            {"seed": 3, "splits": SHARES},
            "25f1fa008475b3e439605561c5898da2496859689412160044622aac3c4819f7",
        ),
        (
            {"seed": 3, "splits": SHARES, "split_by": "trace"},
            "1f167b760deac8094c7d385ecbac24aeed10af178b10d6ad50bbf9a9b89532f9",
        ),
        (
            {"selection_strategy": "random", "seed": 3, "limit": 17, "splits": SHARES},
            "ae50280099c408c0c661bbbfa29f68a4741bf208f07c794b4521197fa4f8fd07",
        ),
        (
            {"filters": {"kind": 1}, "selection_strategy": "random", "seed": 1},
            "0d7d9bbd8530c8ee9340a550f5799c334dae9ca660b11d95bd6b8a0548d86d42",
        ),
        (
            {"where": {"meta.kind": 2, "min_steps": 2}, "limit": 5},
            "d0949630eca1671840dc55e85c96734cf5a0a863a604c7ab4b633e9434c1aa82",
        ),
    ],
)
def test_a_recipe_builds_what_it_always_built(recipe, digest):
    for number in range(30):
        TraceFactory(
            prompt=f"What is {number // 3} + 1?",
            steps=[
                {"i": step, "type": "reasoning", "content": f"Step {step} of {number}"}
                for step in range(1 + number % 4)
            ],
            final_answer=str(number // 3 + 1),
            meta={"kind": number % 3},
        )
    dataset = DatasetFactory(**{f"recipe__{name}": value for name, value in recipe.items()})
    assert dataset.content_digest == digest


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
        delete_dataset(dataset=dataset, by=acting())
        Trace.objects.all().delete()
        random.Random(4).shuffle(contents)
    assert len(digests) == 1


def test_stats_describe_the_selection():
    TraceFactory(prompt="ab", final_answer="c", steps=[step("four")])
    TraceFactory(prompt="ab", final_answer="", steps=[step("1"), step("2", i=1), step("3", i=2)])
    stats = DatasetFactory().stats
    plain = {name: stats[name] for name in stats if name not in ("edges", "by_split")}
    assert plain == {
        "trace_count": 2,
        "avg_step_count": 2.0,
        "min_step_count": 1,
        "max_step_count": 3,
        "avg_total_chars": 6.0,
        "max_total_chars": 7,
        "split_counts": {},
    }
