"""Ranges of numbers, of many at once."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def ranges(starts: Numbers, counts: Numbers) -> Numbers:
    """Give the numbers of several ranges, one after the other."""
    ends = np.cumsum(counts)
    numbers: Numbers = np.arange(counts.sum()) + np.repeat(starts - (ends - counts), counts)
    return numbers
