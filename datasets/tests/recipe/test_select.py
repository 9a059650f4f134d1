"""The step that orders what matched and keeps the first of it."""

import subprocess
import sys

import pytest

from datasets.tests import reference
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import ids, selected, step
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


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


def test_selection_does_not_depend_on_the_process():
    """Python's own hashing and random numbers differ from process to process."""
    program = (
        "import django; django.setup()\n"
        "from datasets.recipe.candidates import Candidates\n"
        "from datasets.recipe.recipe import Recipe\n"
        "from datasets.recipe.steps import select, split\n"
        "splits = {name: 0.25 for name in 'dbca'}\n"
        "recipe = Recipe(selection_strategy='random', seed=9, splits=splits)\n"
        "print(select.ordered(recipe, Candidates(1)), split.divided(recipe, Candidates(1)))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, text=True
        ).stdout
        for _ in range(2)
    }
    assert len(runs) == 1
