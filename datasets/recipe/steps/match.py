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
MAX_MODEL_CHARS = 128
MODEL = f"coalesce(left(meta ->> 'model', {MAX_MODEL_CHARS}), '')"
# Expressions that match patterns would take as long as all else here.
ANSWER_KIND = """
    CASE WHEN final_answer = '' THEN 'none'
         WHEN octet_length(final_answer) > 40 THEN 'text'
         WHEN ltrim(final_answer, '0123456789+-.,/$%% ') = ''
              AND ltrim(final_answer, '+-.,/$%% ') <> ''
         THEN 'number'
         WHEN octet_length(final_answer) <= 4
              AND translate(final_answer, '(). ', '') = ANY (
                  '{A,B,C,D,E,F,G,H,I,J,a,b,c,d,e,f,g,h,i,j}')
         THEN 'choice'
         ELSE 'text' END
"""


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    """Find what matches, among all traces that there are."""
    query, parameters = matched(recipe)
    if candidates.sample is not None:
        return _sampled(recipe, candidates, candidates.sample)
    keep = recipe.limit if candidates.note is None else None
    candidates.match(query, parameters, keep=keep)
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
    traces = traces_of(recipe).values_list(*OF_TRACES, "source", "meta", "final_answer")
    query, parameters = traces.query.sql_with_params()
    columns = f"{', '.join(OF_TRACES)}, source, {MODEL} AS model, {ANSWER_KIND} AS answer_kind"
    return f"SELECT {columns}, NULL::jsonb AS facts FROM ({query}) AS found", list(parameters)  # noqa: S608
