"""The shingles of texts, by which two of them are compared exactly."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from traces.finding.minhash import shingles

ROWS_AT_ONCE = 100  # numpy takes its time for each call
CHARS_AT_ONCE = 500_000

Row = tuple[int, Sequence[str]]  # its number, and the texts of which it has the shingles
# Gives some rows in the order in which they are asked for.
Texts = Callable[[Sequence[int]], Iterable[Row]]
Shingles = NDArray[np.uint64]  # hashes, each once, the smallest first


def shingled(rows: Iterable[Row]) -> Iterator[tuple[int, Shingles]]:
    """Hash the shingles of rows; those of a row's texts are one set."""
    some: list[Row] = []
    chars = 0
    for row in rows:
        some.append(row)
        chars += sum(map(len, row[1]))
        if len(some) == ROWS_AT_ONCE or chars > CHARS_AT_ONCE:
            yield from _hashed(some)
            some, chars = [], 0
    if some:
        yield from _hashed(some)


def _hashed(rows: list[Row]) -> Iterator[tuple[int, Shingles]]:
    hashes, counts = shingles([text for _, texts in rows for text in texts])
    ends = np.cumsum(counts)[np.cumsum([len(texts) for _, texts in rows]) - 1]
    starts = np.append(0, ends[:-1])
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        hashes[start:end].sort()
    first = np.append(True, hashes[1:] != hashes[:-1])
    first[starts] = True
    distinct = np.split(hashes[first], np.cumsum(first)[ends[:-1] - 1])
    for (number, _), found in zip(rows, distinct, strict=True):
        yield number, found


def jaccard(one: Shingles, other: Shingles) -> float:
    whole = np.concatenate((one, other))
    whole.sort(kind="stable")  # which merges what is in order already
    both = int(np.count_nonzero(whole[1:] == whole[:-1]))
    return both / (len(whole) - both)
