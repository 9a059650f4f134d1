"""Which pairs of candidates say nearly the same, by the shingles of their solutions."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from datasets.recipe.candidates import Candidates
from datasets.recipe.text.banding import fewest_equal
from datasets.recipe.text.comparing import blocks
from datasets.recipe.text.ranges import Numbers
from datasets.recipe.text.shingling import jaccard, shingled
from datasets.recipe.text.signed import Part, Signed, signed

PAIRS_AT_ONCE = 50_000  # whose signatures are held
COMPARED_AT_ONCE = 16_384


def alike(
    candidates: Candidates, ones: Numbers, others: Numbers, threshold: float
) -> NDArray[np.bool_]:
    """Tell of pairs of candidates, by their positions, which are as similar as the threshold."""
    found = np.zeros(len(ones), np.bool_)
    for start in range(0, len(ones), PAIRS_AT_ONCE):
        some = slice(start, start + PAIRS_AT_ONCE)
        positions = np.unique(np.concatenate([ones[some], others[some]]))
        traces = _signed(candidates, positions)
        left = np.searchsorted(positions, ones[some])
        right = np.searchsorted(positions, others[some])
        found[start + np.array(list(_alike(traces, left, right, threshold)), np.int64)] = True
        candidates.check()
    return found


def _signed(candidates: Candidates, positions: Numbers) -> Signed:
    wanted = candidates.table("position bigint PRIMARY KEY", ((at,) for at in positions.tolist()))
    ordered = candidates.beside(
        f"""
        SELECT row_number() OVER (ORDER BY position) - 1 AS place, kept.id, kept.total_chars
        FROM {candidates.rows} JOIN {wanted} USING (position)
        """,  # noqa: S608
        candidates.parameters,
    )
    return signed(ordered, len(positions), (Part.SOLUTION,))


def _alike(traces: Signed, left: Numbers, right: Numbers, threshold: float) -> Iterator[int]:
    """Yield the numbers of the pairs: of those that the minima do not tell apart, the texts do."""
    equal = np.zeros(len(left), np.int64)
    for start in range(0, len(left), COMPARED_AT_ONCE):
        some = slice(start, start + COMPARED_AT_ONCE)
        same = traces.minima[left[some]] == traces.minima[right[some]]
        equal[some] = np.count_nonzero(same, axis=1)
    close = np.flatnonzero(equal >= fewest_equal(threshold))
    for block in blocks(len(close), traces.chars[left[close]] + traces.chars[right[close]]):
        pairs = close[block.start : block.stop]
        rows = np.unique(np.concatenate([left[pairs], right[pairs]])).tolist()
        shingles = dict(shingled(traces.texts(rows)))
        for pair in pairs.tolist():
            if jaccard(shingles[int(left[pair])], shingles[int(right[pair])]) >= threshold:
                yield pair
