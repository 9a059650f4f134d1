"""Groups of rows that hang together: each is as similar as a threshold to another of its group."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datasets.recipe.text.comparing import Comparison, blocks
from datasets.recipe.text.ranges import Numbers
from datasets.recipe.text.shingling import Shingles, Texts, jaccard
from traces.finding.minhash import Minima


class Groups(NamedTuple):
    """By row the first row of its group, and what of it is not sure.

    `refused` counts the entries for which a bucket had no room: what is like them alone may be in
    another group. `uncompared` counts the rows that may be like others of another group.
    """

    firsts: NDArray[np.int32]
    refused: int
    uncompared: int


def near_groups(
    minima: Minima,
    *,
    threshold: float,
    texts: Texts,
    sizes: Numbers | None = None,
    check: Callable[[int], None] = lambda done: None,
) -> Groups:
    """Find the groups; the parameters are those of `near_duplicates`.

    A row is compared with some of its buckets alone: of a group of many hundred that share no
    others, parts may stay apart.
    """
    search = _Search(minima, threshold, texts)
    for block in blocks(len(minima), sizes):
        search.join(block)
        check(block.stop)
    return Groups(search.firsts(), search.refused, int(np.count_nonzero(search.apart)))


class _Search(Comparison):
    def __init__(self, minima: Minima, threshold: float, texts: Texts) -> None:
        super().__init__(minima, threshold, texts)
        self._parents = np.arange(len(minima), dtype=np.int32)
        self.apart = np.zeros(len(minima), np.bool_)

    def firsts(self) -> NDArray[np.int32]:
        return np.array([self._first(row) for row in range(len(self._parents))], np.int32)

    def join(self, block: range) -> None:
        """Join rows with those before the block, then with each other."""
        rows = self.sharing(block)
        (compared, others), beyond = self.candidates(rows)
        sets = self.shingles(np.union1d(compared, self.meeting(rows)))
        self._join_before(compared, others, sets)
        self._note_apart(*beyond)
        entered: dict[int, list[int]] = {}
        for row, numbers in self.numbered(rows):
            near, left = self.near(entered, row, numbers)
            for other in near:
                self._join(row, other, sets[row], sets[other])
            if left:
                self._note_apart(np.full(len(left), row), np.array(left))
            self.add(entered, row, numbers)
        self.enter(entered)

    def _note_apart(self, rows: Numbers, others: Numbers) -> None:
        """Note which rows are in other groups than what they were not compared with."""
        self.apart[rows[self._firsts(rows) != self._firsts(others)]] = True

    def _firsts(self, rows: Numbers) -> NDArray[np.int32]:
        firsts = self._parents[rows]
        while ((above := self._parents[firsts]) != firsts).any():
            firsts = above
        return firsts

    def _join_before(self, rows: Numbers, others: Numbers, sets: dict[int, Shingles]) -> None:
        """Join pairs, one of each row at a time: what is joined by then needs no text."""
        while len(rows):
            apart = [
                self._first(row) != self._first(other)
                for row, other in zip(rows.tolist(), others.tolist(), strict=True)
            ]
            rows, others = rows[apart], others[apart]
            firsts = np.unique(rows, return_index=True)[1]
            for row, other, theirs in self.asked(rows[firsts], others[firsts]):
                self._join(row, other, sets[row], theirs)
            left = np.ones(rows.size, dtype=bool)
            left[firsts] = False
            rows, others = rows[left], others[left]

    def _join(self, row: int, other: int, own: Shingles, theirs: Shingles) -> None:
        one, two = self._first(row), self._first(other)
        if one != two and jaccard(own, theirs) >= self.threshold:
            self._parents[max(one, two)] = min(one, two)

    def _first(self, row: int) -> int:
        parents = self._parents
        while (parent := int(parents[row])) != row:
            parents[row] = parents[parent]
            row = parent
        return row
