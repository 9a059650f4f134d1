"""Which signatures are worth comparing: rows that share a band of their minima.

Of b bands of r minima, two texts of similarity s share one with a chance of 1 - (1 - s**r)**b. Long
bands are shared by fewer texts that are not similar; the longest are taken by which 989 of 1,000
pairs at the threshold are found: 25 of 5 minima at 0.7, 21 of 6 at 0.8, 12 of 10 at 0.9.
"""

from collections.abc import Iterator
from itertools import accumulate
from math import comb

import numpy as np
from numpy.typing import NDArray

from traces.finding.minhash import PERMUTATIONS, Minima

LEAST_RECALL = 0.989
LOST = 1e-5  # of pairs at the threshold, by an estimate that is too low
ROWS_AT_ONCE = 8_192

ALONE = -1

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)

Buckets = NDArray[np.int32]  # (rows, bands)
Classes = NDArray[np.uint64]  # (rows,)


def layout(threshold: float) -> tuple[int, int]:
    """Give how many bands of how many minima find what is so similar."""
    for minima in range(PERMUTATIONS, 1, -1):
        bands = PERMUTATIONS // minima
        if 1 - (1 - threshold**minima) ** bands >= LEAST_RECALL:
            return bands, minima
    return PERMUTATIONS, 1


def fewest_equal(threshold: float) -> int:
    """Give how many minima at least are equal in two texts that are so similar, but for LOST.

    Each of them is equal with a chance that is the similarity.
    """
    chances = (
        comb(PERMUTATIONS, equal) * threshold**equal * (1 - threshold) ** (PERMUTATIONS - equal)
        for equal in range(PERMUTATIONS)
    )
    return sum(chance <= LOST for chance in accumulate(chances))


def buckets(minima: Minima, threshold: float, classes: Classes | None = None) -> Buckets:
    """Number the buckets of rows that share a band; ALONE where a row shares it with none.

    Rows of different classes share none.
    """
    bands, width = layout(threshold)
    found = np.full((len(minima), bands), ALONE, np.int32)
    first = 0
    for band in range(bands):
        columns = slice(band * width, (band + 1) * width)
        keys = np.concatenate([np.zeros(0, np.uint64), *_keys(minima, columns, classes)])
        order = np.argsort(keys)
        begins = np.append(True, np.diff(keys[order]) != 0)[: len(keys)]
        sizes = np.diff(np.append(np.flatnonzero(begins), len(keys)))
        shared = sizes > 1
        numbers = np.where(shared, first + np.cumsum(shared) - 1, ALONE)
        found[order, band] = np.repeat(numbers, sizes)
        first += int(shared.sum())
    return found


def _keys(minima: Minima, columns: slice, classes: Classes | None) -> Iterator[NDArray[np.uint64]]:
    for start in range(0, len(minima), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        some = minima[rows, columns]
        keys = np.zeros(len(some), np.uint64) if classes is None else classes[rows]
        for column in some.T:
            keys = (keys ^ column) * _MULTIPLIER
            keys ^= keys >> _SHIFT
        yield keys * _MIX
