"""Which of several traces is the best, by the recipe's `keep` and, of equal ones, by its seed.

The seed's order is that of SHA-256("keep:{seed}:{content_hash}"), then of the content hash: it
follows from what the traces say. Only equal contents are told apart by their ids.
"""

from typing import Any, NamedTuple

from datasets.recipe.hashing import sha256
from datasets.recipe.recipe import Order, Recipe
from datasets.recipe.scored import criteria_of, scores, version_of

NULLS = {Order.DESC: "DESC NULLS LAST", Order.ASC: "ASC NULLS LAST"}


class Ranking(NamedTuple):
    """SQL for candidates named `kept`: columns, joins for these, and the order by them."""

    columns: str
    joins: str
    order: str
    column_parameters: list[Any]
    join_parameters: list[Any]


def ranking(recipe: Recipe) -> Ranking:
    columns, joins, order, parameters = [], [], [], []
    for number, key in enumerate(recipe.dedupe.keep if recipe.dedupe else []):
        criteria = criteria_of(key.by)
        if criteria is None:
            columns.append(f"kept.total_chars AS key_{number}")
        else:
            columns.append(f"score_{number}.value AS key_{number}")
            joins.append(scores(f"score_{number}"))
            parameters += [criteria, version_of(criteria, key.scorer_version)]
        order.append(f"key_{number} {NULLS[key.order]}")
    columns.append(f"{sha256('kept.content_hash')} AS tie")
    return Ranking(
        columns=", ".join(columns),
        joins=" ".join(joins),
        order=", ".join([*order, "tie", "content_hash"]),
        column_parameters=[f"keep:{recipe.seed or 0}:"],
        join_parameters=parameters,
    )
