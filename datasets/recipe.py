"""How a dataset is selected: filters, order and splits, as SQL over all traces.

Order and splits follow from SHA-256 over text, so that the same traces give the same dataset on
any machine: `random` sorts by SHA-256("{seed}:{content_hash}"), and a trace goes to a split by the
first 52 bits of SHA-256("{seed}:{prompt_hash}") (or of its content_hash).
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

from datasets.models import SplitBy, Strategy
from traces.filters import matching

SPLIT_BITS = 52
SPLIT_RANGE = 2**SPLIT_BITS


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A validated build request, without its name and version."""

    filters: dict[str, Any] = field(default_factory=dict)
    where: dict[str, Any] = field(default_factory=dict)
    limit: int | None = None
    selection_strategy: str = Strategy.LATEST
    seed: int | None = None
    splits: dict[str, float] = field(default_factory=dict)
    split_by: str = SplitBy.PROMPT

    def stored_where(self) -> dict[str, Any]:
        """The trace filters as JSON."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else _plain(value)
            for name, value in self.where.items()
        }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def selection(recipe: Recipe) -> tuple[str, list[Any]]:
    """Return SQL and parameters for rows of (position, trace id, split), in order."""
    traces = matching(recipe.where)
    if recipe.filters:
        traces = traces.filter(meta__contains=recipe.filters)
    candidates, parameters = (
        traces.order_by().values_list("id", "content_hash", "prompt_hash").query.sql_with_params()
    )
    order, order_parameters = _order(recipe)
    split, split_parameters = _split(recipe)
    limit, limit_parameters = ("", []) if recipe.limit is None else ("LIMIT %s", [recipe.limit])
    sql = f"""
        SELECT row_number() OVER (ORDER BY ordinal) - 1, id, {split}
        FROM (
            SELECT *, row_number() OVER (ORDER BY {order}) AS ordinal
            FROM ({candidates}) AS candidates (id, content_hash, prompt_hash)
            ORDER BY ordinal
            {limit}
        ) AS chosen
        ORDER BY ordinal
    """  # noqa: S608
    return sql, [*split_parameters, *order_parameters, *parameters, *limit_parameters]


def _order(recipe: Recipe) -> tuple[str, list[Any]]:
    if recipe.selection_strategy == Strategy.LATEST:
        return "id DESC", []
    return "sha256(convert_to(%s || content_hash::text, 'UTF8')), id", [f"{recipe.seed}:"]


def _split(recipe: Recipe) -> tuple[str, list[Any]]:
    """Give the SQL that names a row's split: where its hash falls between the thresholds."""
    if not recipe.splits:
        return "''", []
    column = "prompt_hash" if recipe.split_by == SplitBy.PROMPT else "content_hash"
    digest = f"encode(sha256(convert_to(%s || {column}::text, 'UTF8')), 'hex')"
    bits = f"('x' || left({digest}, {SPLIT_BITS // 4}))::bit({SPLIT_BITS})::bigint"
    names, bounds = zip(*thresholds(recipe.splits), strict=True)
    sql = f"(%s::text[])[width_bucket({bits}, %s::bigint[]) + 1]"
    return sql, [list(names), f"{recipe.seed}:", list(bounds[:-1])]


def thresholds(splits: dict[str, float]) -> list[tuple[str, int]]:
    """Give each split, by name, the number that its hashes stay below."""
    names = sorted(splits)
    shares = accumulate(splits[name] for name in names)
    bounds = [int(share * SPLIT_RANGE) for share in shares]
    bounds[-1] = SPLIT_RANGE
    return list(zip(names, bounds, strict=True))
