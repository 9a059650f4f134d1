"""The step that puts the candidates into splits.

Groups stay together: all traces of a prompt, of prompts that are nearly the same, or of a value of
meta, or each trace for itself. By shares, a group goes to a split by the first 52 bits of
SHA-256("split:{seed}:{group}"), as a share of 2^52, over the splits in the order of their names;
the group is its prompt_hash, the smallest of several (or content_hash, or the value). By counts,
groups come in the order of that hash, and each goes to the first split, by name, that has room for
all of it. The word in front is another than that of a random order: its first traces would share a
split otherwise.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from datasets.recipe.candidates import COLUMNS, Candidates
from datasets.recipe.hashing import of_meta, sha256
from datasets.recipe.recipe import Recipe
from datasets.recipe.steps.near_prompts import grouped_prompts
from tunix_site.errors import Invalid

SPLIT_BITS = 52
SPLIT_RANGE = 2**SPLIT_BITS
OF_TRACES = {"prompt": "kept.prompt_hash", "trace": "kept.content_hash"}


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    if recipe.splits:
        candidates.store(*divided(recipe, candidates))
    elif recipe.split_counts:
        _count_out(recipe, candidates)
    return {}


def divided(recipe: Recipe, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all, each in the split between whose bounds its hash falls."""
    digest, parameters, join = _hashed(recipe, candidates)
    bits = f"('x' || left(encode({digest}, 'hex'), {SPLIT_BITS // 4}))::bit({SPLIT_BITS})::bigint"
    names, bounds = zip(*thresholds(recipe.splits), strict=True)
    query = f"""
        SELECT {COLUMNS}, position, (%s::text[])[width_bucket({bits}, %s::bigint[]) + 1] AS split
        FROM {candidates.rows} {join}
    """  # noqa: S608
    return query, [list(names), *parameters, list(bounds[:-1]), *candidates.parameters]


def thresholds(splits: dict[str, float]) -> list[tuple[str, int]]:
    """Give each split, by name, the number that its hashes stay below."""
    names = sorted(splits)
    shares = accumulate(splits[name] for name in names)
    bounds = [int(share * SPLIT_RANGE) for share in shares]
    bounds[-1] = SPLIT_RANGE
    return list(zip(names, bounds, strict=True))


def _hashed(recipe: Recipe, candidates: Candidates) -> tuple[str, list[Any], str]:
    """Give SQL for the hash of a candidate's group, its parameters, and what it joins for that."""
    prefix = f"split:{recipe.seed}:"
    if recipe.split_by in OF_TRACES:
        return sha256(OF_TRACES[recipe.split_by]), [prefix], ""
    if recipe.split_by == "near":
        join = f"LEFT JOIN {grouped_prompts(candidates)} AS near USING (prompt_hash)"
        return sha256("coalesce(near.grouped, kept.prompt_hash)"), [prefix], join
    value, parameters = of_meta(recipe.split_by)
    join = "JOIN traces_trace AS trace ON trace.id = kept.id"
    return sha256(value), [prefix, *parameters], join


def _count_out(recipe: Recipe, candidates: Candidates) -> None:
    """Fill the splits; Invalid where there are too few traces, or no group fits into a split."""
    asked, there = sum(recipe.split_counts.values()), candidates.count
    if asked > there:
        raise Invalid({"split_counts": [f"They are {asked:,} in all, and {there:,} are there."]})
    digest, parameters, join = _hashed(recipe, candidates)
    candidates.store(
        f"""
        SELECT {COLUMNS}, position, encode({digest}, 'hex') AS grouped
        FROM {candidates.rows} {join}
        """,  # noqa: S608
        [*parameters, *candidates.parameters],
    )
    filled = list(fill(recipe.split_counts, candidates.sizes("grouped").items()))
    if empty := recipe.split_counts.keys() - {split for _, split in filled}:
        reason = f"{min(empty)}: no group of traces that stay together is that small."
        raise Invalid({"split_counts": [reason]})
    table = candidates.table("grouped text PRIMARY KEY, split text", filled)
    candidates.store(
        f"""
        SELECT {COLUMNS}, position, coalesce({table}.split, '') AS split
        FROM {candidates.rows} LEFT JOIN {table} USING (grouped)
        """,  # noqa: S608
        candidates.parameters,
    )


def fill(counts: Mapping[str, int], groups: Iterable[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """Give each group, of so many traces, the first split that has room for all of it, if any."""
    room = dict(sorted(counts.items()))
    for group, size in groups:
        split = next((name for name, left in room.items() if left >= size), None)
        if split is not None:
            room[split] -= size
            yield group, split
