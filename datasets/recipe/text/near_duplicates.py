"""Near duplicates: rows that are as similar as a threshold to one before them that stays.

Rows come best first, and what goes is similar to something that stays, which is the evidence. (Of
what hangs together through others, two may have nothing in common, and little would be left.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.recipe.text.banding import Classes
from datasets.recipe.text.comparing import Comparison, blocks
from datasets.recipe.text.ranges import Numbers
from datasets.recipe.text.shingling import Shingles, Texts, jaccard
from traces.finding.minhash import Minima

STAYS = -1


@dataclass(frozen=True)
class Duplicates:
    """By row the one that it is like, or STAYS, and their Jaccard index.

    `refused` counts the entries for which a bucket had no room: what is like them alone stays.
    `uncompared` counts the rows that stay and may be like others that they were not compared with.
    """

    like: NDArray[np.int32]
    similarity: NDArray[np.float64]
    refused: int
    uncompared: int


def near_duplicates(
    minima: Minima,
    *,
    threshold: float,
    texts: Texts,
    sizes: Numbers | None = None,
    classes: Classes | None = None,
    check: Callable[[int], None] = lambda done: None,
) -> Duplicates:
    """Compare rows in their order; those of different classes are never like each other.

    `sizes` are characters, by which the texts in memory are bounded; `check` is told how many rows
    are done. Takes some 270 bytes a row beside the minima.
    """
    search = _Search(minima, threshold, texts, classes)
    for block in blocks(len(minima), sizes):
        search.decide(block)
        check(block.stop)
    uncompared = np.count_nonzero(search.beyond & (search.like == STAYS))
    return Duplicates(search.like, search.similarity, search.refused, int(uncompared))


class _Search(Comparison):
    def __init__(
        self, minima: Minima, threshold: float, texts: Texts, classes: Classes | None
    ) -> None:
        super().__init__(minima, threshold, texts, classes)
        self.like = np.full(len(minima), STAYS, np.int32)
        self.similarity = np.zeros(len(minima), np.float64)
        self.beyond = np.zeros(len(minima), np.bool_)  # whether others are that it may be like

    def decide(self, block: range) -> None:
        """Tell which rows stay: by those before the block, then among themselves."""
        rows = self.sharing(block)
        (compared, others), (beyond, _) = self.candidates(rows)
        self.beyond[beyond] = True
        sets = self.shingles(np.union1d(compared, self.meeting(rows)))
        for row, other, theirs in self.asked(compared, others):
            share = jaccard(sets[row], theirs)
            if share >= self.threshold and share > self.similarity[row]:
                self.like[row], self.similarity[row] = other, share
        self._compare_with_each_other(rows[self.like[rows] == STAYS], sets)

    def _compare_with_each_other(self, rows: Numbers, sets: dict[int, Shingles]) -> None:
        stay: dict[int, list[int]] = {}
        for row, numbers in self.numbered(rows):
            near, beyond = self.near(stay, row, numbers)
            self.beyond[row] |= bool(beyond)
            for other in near:
                if (share := jaccard(sets[row], sets[other])) >= self.threshold:
                    self.like[row], self.similarity[row] = other, share
                    break
            else:
                self.add(stay, row, numbers)
        self.enter(stay)
