"""Sketches never call two sets less similar than they are."""

import numpy as np
import pytest

from datasets.recipe.text.shingling import jaccard, shingled
from datasets.recipe.text.sketches import BITS, Sketches
from datasets.tests.recipe.problems import word_problems


def sets_of(size: int, changed: list[int], seed: int) -> list[np.ndarray]:
    """Make a set, and others that lack so many of it and have as many others."""
    dice = np.random.default_rng(seed)
    first = dice.integers(2**64, size=size, dtype=np.uint64)
    others = [
        np.concatenate([first[number:], dice.integers(2**64, size=number, dtype=np.uint64)])
        for number in changed
    ]
    return [np.unique(found) for found in (first, *others)]


def sketched(sets) -> Sketches:
    sketches = Sketches(len(sets))
    assert [row for row, _ in sketches.adding(enumerate(sets))] == list(range(len(sets)))
    return sketches


def bounds(sets) -> list[float]:
    """Compare the first with each."""
    others = np.arange(len(sets))
    return sketched(sets).most_similar(np.zeros_like(others), others).tolist()


@pytest.mark.parametrize("size", [1, 2, 40, 200, 5_000])
def test_a_bound_is_never_too_low(size):
    sets = sets_of(size, [size * share // 100 for share in range(0, 100, 3)] * 5, seed=size)
    similarities = [jaccard(sets[0], other) for other in sets]
    assert all(
        bound >= similarity for bound, similarity in zip(bounds(sets), similarities, strict=True)
    )
    assert bounds(sets)[0] == 1


def test_it_is_close_where_few_differ():
    sets = sets_of(200, [5, 10, 20], seed=1)
    for bound, other in zip(bounds(sets)[1:], sets[1:], strict=True):
        assert jaccard(sets[0], other) <= bound < jaccard(sets[0], other) + 0.02


def test_sizes_tell_as_well():
    dice = np.random.default_rng(2)
    long = np.unique(dice.integers(2**64, size=20 * BITS, dtype=np.uint64))
    assert bounds([long[: 10 * BITS], long])[1] == 0.5


def test_what_is_not_known_may_be_the_same():
    sketches = Sketches(2)
    list(sketches.adding([(0, np.array([7], np.uint64))]))
    assert sketches.most_similar(np.array([0]), np.array([1])).tolist() == [1]


def test_what_stands_twice_in_a_text_counts_once():
    text = word_problems(1, seed=3)[0]
    (_, once), (_, twice) = shingled([(0, [text]), (1, [text, text])])
    assert once.tolist() == twice.tolist() == sorted(set(once.tolist()))
    assert bounds([once, twice]) == [1, 1]
