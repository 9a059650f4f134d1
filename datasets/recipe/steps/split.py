"""The step that puts the candidates into splits.

Groups stay together: all traces of a prompt, of prompts that are nearly the same, or of a value of
meta, or each trace for itself. By shares, a group goes to a split by the first 52 bits of
SHA-256("split:{seed}:{group}"), as a share of 2^52, over the splits in the order of their names;
the group is its prompt_hash, the smallest of several (or content_hash, or the value). By counts,
groups come in the order of that hash, and each goes to the first split, by name, that has room for
all of it; what is left over goes. The word in front is another than that of a random order: its
first traces would share a split otherwise.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from datasets.recipe.candidates import COLUMNS, Candidates, columns
from datasets.recipe.hashing import MAX_SHOWN_CHARS, of_meta, sha256
from datasets.recipe.recipe import Recipe
from datasets.recipe.steps.near_prompts import grouped_prompts
from tunix_site.errors import Invalid

SPLIT_BITS = 52
SPLIT_RANGE = 2**SPLIT_BITS
OF_TRACES = {"prompt": "kept.prompt_hash", "trace": "kept.content_hash"}


class Groups(NamedTuple):
    """SQL for what stays together: its hash, what a candidate's facts are with it, and joins.

    The parameters of the hash and of the facts stand in `hashed` and `named`.
    """

    digest: str
    hashed: list[Any]
    join: str = ""
    facts: str = "kept.facts"
    named: Sequence[Any] = ()


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    if recipe.splits:
        candidates.store(*divided(recipe, candidates))
    elif recipe.split_counts:
        return _count_out(recipe, candidates)
    return {}


def divided(recipe: Recipe, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all, each in the split between whose bounds its hash falls."""
    groups = _groups(recipe, candidates)
    prefix = f"left(encode({groups.digest}, 'hex'), {SPLIT_BITS // 4})"
    bits = f"('x' || {prefix})::bit({SPLIT_BITS})::bigint"
    names, bounds = zip(*thresholds(recipe.splits), strict=True)
    query = f"""
        SELECT {columns(facts=groups.facts)}, position,
               (%s::text[])[width_bucket({bits}, %s::bigint[]) + 1] AS split
        FROM {candidates.rows} {groups.join}
    """  # noqa: S608
    return query, [
        *groups.named,
        list(names),
        *groups.hashed,
        list(bounds[:-1]),
        *candidates.parameters,
    ]


def thresholds(splits: dict[str, float]) -> list[tuple[str, int]]:
    """Give each split, by name, the number that its hashes stay below."""
    names = sorted(splits)
    shares = accumulate(splits[name] for name in names)
    bounds = [int(share * SPLIT_RANGE) for share in shares]
    bounds[-1] = SPLIT_RANGE
    return list(zip(names, bounds, strict=True))


def _groups(recipe: Recipe, candidates: Candidates) -> Groups:
    """Say what stays together; where that is more than a prompt or a trace, facts name it."""
    prefix = f"split:{recipe.seed}:"
    if recipe.split_by in OF_TRACES:
        return Groups(sha256(OF_TRACES[recipe.split_by]), [prefix])
    if recipe.split_by == "near":
        group = "coalesce(near.grouped, kept.prompt_hash)"
        join = f"LEFT JOIN {grouped_prompts(candidates)} AS near USING (prompt_hash)"
        return Groups(sha256(group), [prefix], join, _with_group(group))
    value, path = of_meta(recipe.split_by)
    join = "JOIN traces_trace AS trace ON trace.id = kept.id"
    return Groups(sha256(value), [prefix, *path], join, _with_group(value), path)


def _with_group(group: str) -> str:
    shown = f"left(({group})::text, {MAX_SHOWN_CHARS})"
    return f"coalesce(kept.facts, '{{}}') || jsonb_build_object('group', {shown})"


def _count_out(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    """Fill the splits; Invalid where there are too few traces, or no group fits into a split.

    Of a sample the counts are taken in proportion, and no split is refused that it leaves empty.
    """
    asked, there = sum(recipe.split_counts.values()), _at_most(recipe, candidates)
    if asked > there:
        raise Invalid({"split_counts": [f"They are {asked:,} in all, and {there:,} are there."]})
    groups = _groups(recipe, candidates)
    candidates.store(
        f"""
        SELECT {columns(facts=groups.facts)}, position, encode({groups.digest}, 'hex') AS grouped
        FROM {candidates.rows} {groups.join}
        """,  # noqa: S608
        [*groups.named, *groups.hashed, *candidates.parameters],
    )
    counts = {name: candidates.in_sample(count) for name, count in recipe.split_counts.items()}
    filled = list(fill(counts, candidates.sizes("grouped").items()))
    empty = counts.keys() - {split for _, split in filled}
    if empty and candidates.sampled is None:
        reason = f"{min(empty)}: no group of traces that stay together is that small."
        raise Invalid({"split_counts": [reason]})
    table = candidates.table("grouped text PRIMARY KEY, split text", filled)
    return candidates.part(
        f"""
        SELECT {COLUMNS}, {table}.split, NULL::jsonb AS because,
               CASE WHEN {table}.split IS NULL THEN 'left_over' END AS reason,
               row_number() OVER (PARTITION BY {table}.split IS NULL ORDER BY kept.position) - 1
               AS position
        FROM {candidates.rows} LEFT JOIN {table} USING (grouped)
        ORDER BY position
        """,  # noqa: S608
        candidates.parameters,
    )


def _at_most(recipe: Recipe, candidates: Candidates) -> int:
    """Give how many there are, or may be, where a sample of what matches is looked at."""
    if candidates.sampled is None:
        return candidates.count
    matched = candidates.sampled["matched"]
    return min(matched, recipe.limit or matched)


def fill(counts: Mapping[str, int], groups: Iterable[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """Give each group, of so many traces, the first split that has room for all of it, if any."""
    room = dict(sorted(counts.items()))
    for group, size in groups:
        split = next((name for name, left in room.items() if left >= size), None)
        if split is not None:
            room[split] -= size
            yield group, split
