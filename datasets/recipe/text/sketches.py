"""Sketches of sets of shingles: they tell how similar two sets are at most, without the sets.

A sketch has BITS bits, and each shingle turns over the one that its hash names (an odd sketch, of
Mitzenmacher, Pagh and Pham, 2014). What is in both sets turns over the same bits, so that two
sketches differ in d bits at most if d shingles are in one of the sets alone: of sets of a and b
shingles, the Jaccard index is (a + b - d) / (a + b + d) at most.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from datasets.recipe.text.ranges import Numbers
from datasets.recipe.text.shingling import Shingles

BITS = 512
ROWS_AT_ONCE = 100
PAIRS_AT_ONCE = 2_048

_SHIFT = np.uint64(64 - BITS.bit_length() + 1)  # the first bits of a hash name one of a sketch


class Sketches:
    """Those of so many rows, of which some are known; 68 bytes a row."""

    def __init__(self, count: int) -> None:
        self._bits = np.zeros((count, BITS // 64), np.uint64)
        self._sizes = np.zeros(count, np.int32)

    def adding(self, sets: Iterable[tuple[int, Shingles]]) -> Iterator[tuple[int, Shingles]]:
        """Pass rows with their sets on, and remember their sketches."""
        left = iter(sets)
        while some := list(islice(left, ROWS_AT_ONCE)):
            self._add(some)
            yield from some

    def _add(self, some: list[tuple[int, Shingles]]) -> None:
        rows = [row for row, _ in some]
        sizes = [len(found) for _, found in some]
        bits = np.concatenate([found for _, found in some]) >> _SHIFT
        places = np.repeat(np.arange(len(some)) * BITS, sizes) + bits.astype(np.int64)
        turned = np.bincount(places, minlength=len(some) * BITS) & 1
        packed = np.packbits(turned.astype(np.bool_)).view(np.uint64)
        self._bits[rows] = packed.reshape(len(some), -1)
        self._sizes[rows] = sizes

    def most_similar(self, rows: Numbers, others: Numbers) -> NDArray[np.float64]:
        """Give what the Jaccard index of pairs is at most: 1 where the other's sketch is unknown.

        It is no less than what `jaccard` gives: both divide the like, and round once.
        """
        most = np.ones(len(rows))
        known = np.flatnonzero(self._sizes[others])
        for start in range(0, len(known), PAIRS_AT_ONCE):
            some = known[start : start + PAIRS_AT_ONCE]
            one, other = rows[some], others[some]
            turned = np.bitwise_count(self._bits[one] ^ self._bits[other])
            alone = np.abs(self._sizes[one] - self._sizes[other])
            differing = np.maximum(turned.sum(axis=1, dtype=np.int64), alone)
            both = self._sizes[one] + self._sizes[other]
            most[some] = (both - differing) / (both + differing)
        return most
