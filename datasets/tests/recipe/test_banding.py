"""Bands as long as they can be, by which what is similar is found nevertheless."""

import numpy as np
import pytest

from datasets.recipe.text.banding import ALONE, buckets, fewest_equal, layout
from traces.finding.minhash import PERMUTATIONS, minima_of


@pytest.mark.parametrize(
    ("threshold", "bands", "minima"), [(0.7, 25, 5), (0.8, 21, 6), (0.9, 12, 10), (1, 1, 128)]
)
def test_bands_follow_from_the_threshold(threshold, bands, minima):
    assert layout(threshold) == (bands, minima)


@pytest.mark.parametrize("percent", range(50, 101))
def test_989_of_1000_pairs_at_the_threshold_share_a_band(percent):
    bands, minima = layout(percent / 100)
    assert bands * minima <= PERMUTATIONS
    assert 1 - (1 - (percent / 100) ** minima) ** bands >= 0.989


def test_an_estimate_far_below_the_threshold_decides():
    assert (fewest_equal(0.7), fewest_equal(0.9), fewest_equal(1)) == (67, 99, 128)


def test_a_row_without_a_like_is_alone():
    minima = minima_of(["one text of some words", "quite another", "one text of some words"])
    found = buckets(minima, 0.9)
    assert found[0].tolist() == found[2].tolist() == list(range(12))
    assert found[1].tolist() == [ALONE] * 12
    assert (buckets(minima, 0.9, np.array([0, 0, 1], np.uint64)) == ALONE).all()
