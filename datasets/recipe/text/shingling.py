"""The shingles of texts, by which two of them are compared exactly."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from traces.finding.minhash import shingles

ROWS_AT_ONCE = 100  # numpy takes its time for each call
CHARS_AT_ONCE = 500_000

Row = tuple[int, Sequence[str]]  # its number, and the texts of which it has the shingles
# Gives some rows in the order in which they are asked for.
Texts = Callable[[Sequence[int]], Iterable[Row]]
Shingles = frozenset[int]


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
    values, ends = hashes.tolist(), np.cumsum(counts).tolist()
    start = texts_before = 0
    for number, texts in rows:
        texts_before += len(texts)
        end = ends[texts_before - 1]
        yield number, frozenset(values[start:end])
        start = end


def jaccard(one: Shingles, other: Shingles) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)
