"""The step that puts the candidates into splits.

A trace goes to a split by the first 52 bits of SHA-256("split:{seed}:{prompt_hash}") (or of its
content_hash), as a share of 2^52, over the splits in the order of their names. The word in front
is another than that of a random order: its first traces would share a split otherwise.
"""

from itertools import accumulate
from typing import Any

from datasets.recipe.candidates import COLUMNS, Candidates
from datasets.recipe.hashing import sha256
from datasets.recipe.recipe import Recipe, SplitBy

SPLIT_BITS = 52
SPLIT_RANGE = 2**SPLIT_BITS


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    if recipe.splits:
        candidates.store(*divided(recipe, candidates))
    return {}


def divided(recipe: Recipe, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all, each in the split between whose bounds its hash falls."""
    digest = sha256("prompt_hash" if recipe.split_by == SplitBy.PROMPT else "content_hash")
    bits = f"('x' || left(encode({digest}, 'hex'), {SPLIT_BITS // 4}))::bit({SPLIT_BITS})::bigint"
    names, bounds = zip(*thresholds(recipe.splits), strict=True)
    query = f"""
        SELECT {COLUMNS}, position, (%s::text[])[width_bucket({bits}, %s::bigint[]) + 1] AS split
        FROM {candidates.rows}
    """  # noqa: S608
    parameters = [list(names), f"split:{recipe.seed}:", list(bounds[:-1])]
    return query, [*parameters, *candidates.parameters]


def thresholds(splits: dict[str, float]) -> list[tuple[str, int]]:
    """Give each split, by name, the number that its hashes stay below."""
    names = sorted(splits)
    shares = accumulate(splits[name] for name in names)
    bounds = [int(share * SPLIT_RANGE) for share in shares]
    bounds[-1] = SPLIT_RANGE
    return list(zip(names, bounds, strict=True))
