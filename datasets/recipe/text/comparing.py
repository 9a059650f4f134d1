"""Comparing very many signatures with each other: block by block, each row with rows before it.

Rows are compared that share a band (banding.py) and whose minima do not tell them apart, nor their
sketches (sketches.py); what decides is the shingles of the texts themselves. A template that begins
very many texts makes buckets of them all, and two bounds hold then. A bucket has room for so many,
and how often a row finds none in it is counted (`refused`). Of those that it may be like, a row is
compared with so many before its block, and as many of its block; what is beyond these is told.
"""

from collections.abc import Iterator

import numpy as np

from datasets.recipe.text.banding import ALONE, Classes, buckets, fewest_equal
from datasets.recipe.text.ranges import Numbers, ranges
from datasets.recipe.text.shingling import Shingles, Texts, shingled
from datasets.recipe.text.sketches import Sketches
from traces.finding.minhash import Minima

MOST_A_BUCKET = 64
MOST_COMPARED = 16  # of the rows that a row may be like, those of the highest estimates, twice
ROWS_AT_ONCE = 2_000
CHARS_AT_ONCE = 2_000_000
PAIRS_AT_ONCE = 2_048  # what is read of them fits in a processor's cache

Pairs = tuple[Numbers, Numbers]  # rows, and as many others


def blocks(count: int, sizes: Numbers | None = None) -> Iterator[range]:
    """Part rows into blocks whose texts, of so many characters each, fit in memory."""
    start = 0
    while start < count:
        stop = min(start + ROWS_AT_ONCE, count)
        if sizes is not None:
            fit = np.searchsorted(np.cumsum(sizes[start:stop]), CHARS_AT_ONCE, side="right")
            stop = start + max(int(fit), 1)
        yield range(start, stop)
        start = stop


class Comparison:
    """Rows that may be like others, those before them by bucket, and the texts that tell."""

    def __init__(
        self, minima: Minima, threshold: float, texts: Texts, classes: Classes | None = None
    ) -> None:
        self.threshold = threshold
        self.refused = 0
        self._minima = minima
        self._texts = texts
        self._fewest = fewest_equal(threshold)
        self._sketches = Sketches(len(minima))
        self._buckets = buckets(minima, threshold, classes)
        sizes = np.bincount(self._buckets[self._buckets != ALONE])
        self._starts: Numbers = np.cumsum(np.append(0, np.minimum(sizes, MOST_A_BUCKET)))
        self._filled: Numbers = np.zeros(len(sizes), np.int64)
        self._entered = np.zeros(self._starts[-1], np.int32)

    def sharing(self, block: range) -> Numbers:
        """Give the rows of a block that share a bucket with any row."""
        rows = np.arange(block.start, block.stop)
        found: Numbers = rows[(self._buckets[rows] != ALONE).any(axis=1)]
        return found

    def meeting(self, rows: Numbers) -> Numbers:
        """Give those of the rows that share a bucket with another of them."""
        numbers = self._buckets[rows]
        found, counts = np.unique(numbers[numbers != ALONE], return_counts=True)
        met: Numbers = rows[np.isin(numbers, found[counts > 1]).any(axis=1)]
        return met

    def numbered(self, rows: Numbers) -> Iterator[tuple[int, list[int]]]:
        """Yield rows with the numbers of their buckets."""
        for row, numbers in zip(rows.tolist(), self._buckets[rows].tolist(), strict=True):
            yield row, [number for number in numbers if number != ALONE]

    def candidates(self, rows: Numbers) -> tuple[Pairs, Pairs]:
        """Pair rows with those entered before that they may be like, the likest of each first.

        The second pairs are those beyond MOST_COMPARED.
        """
        numbers = self._buckets[rows]
        places, bands = np.nonzero(numbers != ALONE)
        shared = numbers[places, bands]
        counts = self._filled[shared]
        others = self._entered[ranges(self._starts[shared], counts)]
        pairs = np.repeat(rows[places], counts) * len(self._minima) + others
        pairs.sort()
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
        return self._ranked(*np.divmod(pairs, len(self._minima)))

    def _ranked(self, rows: Numbers, others: Numbers) -> tuple[Pairs, Pairs]:
        equal = np.zeros(len(rows), np.int64)
        for start in range(0, len(rows), PAIRS_AT_ONCE):
            some = slice(start, start + PAIRS_AT_ONCE)
            own = self._minima.take(rows[some], axis=0)
            equal[some] = (own == self._minima.take(others[some], axis=0)).sum(axis=1)
        may = equal >= self._fewest
        rows, others, equal = rows[may], others[may], equal[may]
        order = np.lexsort((others, -equal, rows))
        rows, others = rows[order], others[order]
        nth = np.arange(len(rows)) - np.searchsorted(rows, rows)
        compared = nth < MOST_COMPARED
        return (rows[compared], others[compared]), (rows[~compared], others[~compared])

    def shingles(self, rows: Numbers) -> dict[int, Shingles]:
        """Read the texts of rows, each once and in order, for their shingles."""
        return dict(self._read(rows.tolist()))

    def asked(self, rows: Numbers, others: Numbers) -> Iterator[tuple[int, int, Shingles]]:
        """Yield pairs of rows that may be similar enough, and the other's shingles, read once."""
        may = self._sketches.most_similar(rows, others) >= self.threshold
        asking: dict[int, list[int]] = {}
        for row, other in zip(rows[may].tolist(), others[may].tolist(), strict=True):
            asking.setdefault(other, []).append(row)
        for other, theirs in self._read(sorted(asking)):
            for row in asking[other]:
                yield row, other, theirs

    def _read(self, rows: list[int]) -> Iterator[tuple[int, Shingles]]:
        return self._sketches.adding(shingled(self._texts(rows)))

    def add(self, by_bucket: dict[int, list[int]], row: int, numbers: list[int]) -> None:
        """Add a row to its buckets, as far as they have room."""
        for number in numbers:
            rows = by_bucket.setdefault(number, [])
            if len(rows) < MOST_A_BUCKET:
                rows.append(row)
            else:
                self.refused += 1

    def near(
        self, by_bucket: dict[int, list[int]], row: int, numbers: list[int]
    ) -> tuple[list[int], list[int]]:
        """Give those in a row's buckets that it may be like, the likest first, and those beyond."""
        others = list({other for number in numbers for other in by_bucket.get(number, ())})
        if not others:
            return [], []
        equal = np.count_nonzero(self._minima[others] == self._minima[row], axis=1).tolist()
        ranked = sorted(
            (-count, other)
            for count, other in zip(equal, others, strict=True)
            if count >= self._fewest
        )
        found = [other for _, other in ranked]
        return found[:MOST_COMPARED], found[MOST_COMPARED:]

    def enter(self, by_bucket: dict[int, list[int]]) -> None:
        """Let rows that come later find these, as far as their buckets have room."""
        numbers = np.fromiter(by_bucket, np.int64, len(by_bucket))
        counts = np.fromiter(map(len, by_bucket.values()), np.int64, len(by_bucket))
        filled = self._filled[numbers]
        fit = np.minimum(counts, MOST_A_BUCKET - filled)
        self._entered[ranges(self._starts[numbers] + filled, fit)] = [
            row
            for rows, count in zip(by_bucket.values(), fit.tolist(), strict=True)
            for row in rows[:count]
        ]
        self._filled[numbers] += fit
        self.refused += int((counts - fit).sum())
