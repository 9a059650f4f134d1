"""What the first version of recipes built of these traces, every later one builds as well."""

import pytest

from datasets.tests.factories import DatasetFactory
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
