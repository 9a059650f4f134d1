"""The first step: the traces that the recipe's filters match."""

from typing import Any

import msgspec
from django.db.models import Avg, Case, Count, Exists, OuterRef, When

from datasets.recipe.candidates import OF_TRACES, Candidates, Sample
from datasets.recipe.recipe import PassRate, Recipe
from datasets.recipe.scored import version_of
from traces.finding.filters import matching
from traces.models import Trace
from traces.querysets import TraceQuerySet

PASSES = 1  # the least score


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    """Find what matches, among all traces that there are."""
    query, parameters = matched(recipe)
    if candidates.sample is not None:
        return _sampled(recipe, candidates, candidates.sample)
    if recipe.limit is None or candidates.note is not None:
        candidates.store(query, parameters)
    else:
        candidates.find(query, parameters, keep=recipe.limit)
    return _others(recipe, candidates.count)


def _sampled(recipe: Recipe, candidates: Candidates, sample: Sample) -> dict[str, int]:
    """Store what matches, or of much the prompts with the least hashes, with all their traces."""
    query, parameters = matched(recipe)
    count = traces_of(recipe).count()
    if count <= sample.over:
        candidates.store(query, parameters)
        return _others(recipe, candidates.count)
    candidates.store(
        f"SELECT * FROM ({query}) AS found ORDER BY prompt_hash, content_hash, id LIMIT %s",  # noqa: S608
        [*parameters, sample.keep],
    )
    candidates.sampled = {"matched": count, "taken": candidates.count}
    return {**_others(recipe, count), "not_sampled": count - candidates.count}


def _others(recipe: Recipe, count: int) -> dict[str, int]:
    """Count the traces that do not match."""
    if not (recipe.filters or recipe.where):
        return {}
    # some may have gone since, where statements see different states
    return {"did_not_match": max(Trace.objects.count() - count, 0)}


def traces_of(recipe: Recipe) -> TraceQuerySet:
    """Give the traces that match, in no order."""
    traces = matching(recipe.where)
    if unwanted := recipe.where.get("not"):
        these = matching(unwanted, Trace.objects.filter(pk=OuterRef("pk")))
        traces = traces.filter(~Exists(these))
    if recipe.filters:
        traces = traces.filter(meta__contains=recipe.filters)
    if rate := recipe.where.get("pass_rate"):
        traces = traces.filter(prompt_hash__in=_prompts(traces, msgspec.convert(rate, PassRate)))
    return traces.order_by()


def _prompts(traces: TraceQuerySet, rate: PassRate) -> Any:
    """Give the hashes of prompts of whose scored attempts so many pass."""
    scored = traces.order_by().filter(
        scores__criteria=rate.criteria,
        scores__scorer_version=version_of(rate.criteria, rate.scorer_version),
        scores__value__isnull=False,
    )
    passed = Case(When(scores__value__gte=PASSES, then=1.0), default=0.0)
    prompts = scored.values("prompt_hash").annotate(attempts=Count("*"), share=Avg(passed))
    return prompts.filter(
        attempts__gte=rate.min_attempts, share__gte=rate.min, share__lte=rate.max
    ).values("prompt_hash")


def matched(recipe: Recipe) -> tuple[str, list[Any]]:
    """Give SQL and parameters for the rows of what matches, of which nothing else is known yet."""
    query, parameters = traces_of(recipe).values_list(*OF_TRACES).query.sql_with_params()
    return f"SELECT found.*, NULL::jsonb AS facts FROM ({query}) AS found", list(parameters)  # noqa: S608
