"""The first step: the traces that the recipe's filters match."""

from typing import Any

from datasets.recipe.candidates import OF_TRACES, Candidates
from datasets.recipe.recipe import Recipe
from traces.finding.filters import matching
from traces.models import Trace


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    """Find what matches, among all traces that there are."""
    query, parameters = matched(recipe)
    if recipe.limit is None:
        candidates.store(query, parameters)
    else:
        candidates.find(query, parameters, keep=recipe.limit)
    if not (recipe.filters or recipe.where):
        return {}
    # some may have gone since, where statements see different states
    return {"did_not_match": max(Trace.objects.count() - candidates.count, 0)}


def matched(recipe: Recipe) -> tuple[str, list[Any]]:
    """Give SQL and parameters for the rows of what matches, in no order."""
    traces = matching(recipe.where)
    if recipe.filters:
        traces = traces.filter(meta__contains=recipe.filters)
    query, parameters = traces.order_by().values_list(*OF_TRACES).query.sql_with_params()
    return query, list(parameters)
