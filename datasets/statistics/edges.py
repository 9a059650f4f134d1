"""Between which values a histogram counts: the same of every dataset, so that they compare.

Of `n` edges there are `n + 1` counts: below the first, then from each edge on, up to the next.
"""

import itertools
from collections.abc import Iterator, Sequence

EDGES: dict[str, list[float]] = {
    "steps": [2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200, 500],
    "chars": [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000],
    "tokens": [32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072],
    "scores": [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 2, 5, 10, 20, 50, 100, 1_000],
}


def ranges(edges: Sequence[float]) -> Iterator[str]:
    """Say in words what each of the counts is of."""
    yield f"below {edges[0]:,}"
    yield from (f"{low:,} to {high:,}" for low, high in itertools.pairwise(edges))
    yield f"from {edges[-1]:,}"


# by which edges scores are counted, by the name of their criterion or how it begins; else "scores"
NAMED = {"length": "chars"}
BEGINNING = {"tokens:": "tokens"}


def edges_of(criteria: str) -> str:
    """Name the edges between which the scores of a criterion are counted."""
    begun = (edges for start, edges in BEGINNING.items() if criteria.startswith(start))
    return NAMED.get(criteria) or next(begun, "scores")


def bucket_of(criteria: str, value: str) -> str:
    """Write the SQL of which of the counts a score is in, of the SQL of its criterion and value."""
    cases = [
        *((f"{criteria} = '{name}'", edges) for name, edges in NAMED.items()),
        *((f"starts_with({criteria}, '{start}')", edges) for start, edges in BEGINNING.items()),
    ]
    whens = " ".join(f"WHEN {case} THEN {_bucket(value, edges)}" for case, edges in cases)
    return f"CASE {whens} ELSE {_bucket(value, 'scores')} END"


def _bucket(value: str, edges: str) -> str:
    return f"width_bucket({value}, ARRAY{EDGES[edges]}::float8[])"
