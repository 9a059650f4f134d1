"""The step that orders the candidates and keeps the first of them.

`random` sorts by SHA-256("order:{seed}:{content_hash}"), so that the same traces come in the same
order on any machine; ids tell equal contents apart. `latest` goes by id, and so by arrival.
"""

from typing import Any

from datasets.recipe.candidates import COLUMNS, Candidates
from datasets.recipe.hashing import sha256
from datasets.recipe.recipe import Recipe, Strategy


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    before = candidates.count
    candidates.store(*ordered(recipe, candidates))
    return {"beyond_the_limit": before - candidates.count}


def ordered(recipe: Recipe, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for what is kept, with its position, in order."""
    rank, order, parameters = "0", "id DESC", []
    if recipe.selection_strategy == Strategy.RANDOM:
        rank, order, parameters = sha256("content_hash"), "rank, id", [f"order:{recipe.seed}:"]
    query = f"""
        SELECT {COLUMNS}, row_number() OVER (ORDER BY {order}) - 1 AS position, '' AS split
        FROM (
            SELECT {COLUMNS}, {rank} AS rank FROM {candidates.rows} ORDER BY {order} LIMIT %s
        ) AS kept
        ORDER BY {order}
    """  # noqa: S608
    return query, [*parameters, *candidates.parameters, recipe.limit]
