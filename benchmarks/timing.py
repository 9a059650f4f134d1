"""Timing on a machine that others use as well: both sides in turn, and medians."""

import math
import statistics
import time
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")


def seconds_of(deed: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    started = time.perf_counter()
    deed(*args, **kwargs)
    return time.perf_counter() - started


def medians(rounds: int, measure: Callable[[], tuple[float, ...]]) -> list[float]:
    """Give the median of each of the figures that `measure` returns; its first run warms up."""
    measure()
    figures = [measure() for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*figures, strict=True)]


def percentile(values: list[float], share: float) -> float:
    """Give the smallest value that `share` of the values do not exceed (nearest rank)."""
    rank = math.ceil(round(share * len(values), 6))
    return sorted(values)[max(rank, 1) - 1]
