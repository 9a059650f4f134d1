"""What a recipe selects, as SQL over all traces.

Order and splits follow from SHA-256 over text, so that the same traces give the same dataset on
any machine: `random` sorts by SHA-256("order:{seed}:{content_hash}"), and a trace goes to a split
by the first 52 bits of SHA-256("split:{seed}:{prompt_hash}") (or of its content_hash). The words
in front keep the two apart: otherwise the first traces of a random order would share a split.
"""

from itertools import accumulate
from typing import Any

from datasets.recipe.recipe import Recipe, SplitBy, Strategy
from traces.finding.filters import matching

SPLIT_BITS = 52
SPLIT_RANGE = 2**SPLIT_BITS


def selection(recipe: Recipe) -> tuple[str, list[Any]]:
    """Return SQL and parameters for rows of (position, trace id, split, parts), in order."""
    matched, parameters = candidates(recipe)
    (rank, order), rank_parameters = _rank_and_order(recipe)
    split, split_parameters = _split(recipe)
    sql = f"""
        SELECT row_number() OVER (ORDER BY {order}) - 1, id, {split}, parts
        FROM (
            SELECT *, {rank} AS rank
            FROM ({matched}) AS candidates (id, content_hash, prompt_hash, parts)
            ORDER BY {order}
            LIMIT %s
        ) AS chosen
        ORDER BY {order}
    """  # noqa: S608
    return sql, [*split_parameters, *rank_parameters, *parameters, recipe.limit]


def candidates(recipe: Recipe) -> tuple[str, tuple[Any, ...]]:
    """Return SQL and parameters for what matches: rows of (id, its two hashes, parts)."""
    traces = matching(recipe.where)
    if recipe.filters:
        traces = traces.filter(meta__contains=recipe.filters)
    columns = traces.order_by().values_list("id", "content_hash", "prompt_hash", "parts")
    return columns.query.sql_with_params()


def _rank_and_order(recipe: Recipe) -> tuple[tuple[str, str], list[Any]]:
    if recipe.selection_strategy == Strategy.LATEST:
        return ("0", "id DESC"), []
    return (_sha256("content_hash"), "rank, id"), [f"order:{recipe.seed}:"]


def _split(recipe: Recipe) -> tuple[str, list[Any]]:
    """Give the SQL that names a row's split: where its hash falls between the thresholds."""
    if not recipe.splits:
        return "''", []
    digest = _sha256("prompt_hash" if recipe.split_by == SplitBy.PROMPT else "content_hash")
    bits = f"('x' || left(encode({digest}, 'hex'), {SPLIT_BITS // 4}))::bit({SPLIT_BITS})::bigint"
    names, bounds = zip(*thresholds(recipe.splits), strict=True)
    sql = f"(%s::text[])[width_bucket({bits}, %s::bigint[]) + 1]"
    return sql, [list(names), f"split:{recipe.seed}:", list(bounds[:-1])]


def _sha256(column: str) -> str:
    """Give the SQL of SHA-256 over a prefix, passed as a parameter, and a hash in UUID form."""
    return f"sha256(convert_to(%s || {column}::text, 'UTF8'))"


def thresholds(splits: dict[str, float]) -> list[tuple[str, int]]:
    """Give each split, by name, the number that its hashes stay below."""
    names = sorted(splits)
    shares = accumulate(splits[name] for name in names)
    bounds = [int(share * SPLIT_RANGE) for share in shares]
    bounds[-1] = SPLIT_RANGE
    return list(zip(names, bounds, strict=True))
