"""The first step: the traces that the recipe's filters match."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.db.models import Avg, Case, Count, Exists, OuterRef, Q, QuerySet, When

from datasets.recipe.candidates import OF_TRACES, Candidates, Sample
from datasets.recipe.hashing import wording
from datasets.recipe.recipe import PassRate, Recipe, Tokens
from datasets.recipe.scored import CountedBy, counted_by, version_of
from traces.finding.filters import matching
from traces.indexes import SearchDocument
from traces.models import Score, Trace
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
    counted = counted_by(recipe)
    if counted is not None:
        candidates.findings["counted_by"] = counted
    query, parameters = matched(recipe, counted)
    if candidates.sample is not None:
        return _sampled(recipe, counted, candidates, candidates.sample)
    keep = recipe.limit if candidates.note is None else None
    candidates.match(query, parameters, keep=keep)
    return _others(recipe, counted, candidates.count)


def _sampled(
    recipe: Recipe, counted: CountedBy | None, candidates: Candidates, sample: Sample
) -> dict[str, int]:
    """Store what matches, or of much the prompts with the least hashes; the last one may be cut."""
    query, parameters = matched(recipe, counted)
    count = traces_of(recipe, counted).count()
    if count <= sample.over:
        candidates.store(query, parameters)
        return _others(recipe, counted, candidates.count)
    candidates.store(
        f"SELECT * FROM ({query}) AS found ORDER BY prompt_hash, content_hash, id LIMIT %s",  # noqa: S608
        [*parameters, sample.keep],
    )
    candidates.sampled = {"matched": count, "taken": candidates.count}
    return {**_others(recipe, counted, count), "not_sampled": count - candidates.count}


def _others(recipe: Recipe, counted: CountedBy | None, count: int) -> dict[str, int]:
    """Count the traces that do not match, apart those that only lack the count of tokens."""
    if not (recipe.filters or recipe.where):
        return {}
    unscored = traces_of(recipe, counted, lacking=True).count() if counted else 0
    # some may have gone since, where statements see different states
    others = max(Trace.objects.count() - count - unscored, 0)
    return {"did_not_match": others, "not_scored": unscored}


def traces_of(recipe: Recipe, counted: CountedBy | None, *, lacking: bool = False) -> TraceQuerySet:
    """Give the traces that match, in no order, by what counted their tokens.

    Or those that are `lacking`: they would if `where.tokens` did not ask for what nobody counted.
    """
    traces = matching(recipe.where)
    if unwanted := recipe.where.get("not"):
        traces = traces.filter(*_left_out(unwanted))
    if recipe.filters:
        traces = traces.filter(meta__contains=recipe.filters)
    rest = traces  # what a pass rate is of
    if counted:
        counts = Score.objects.filter(trace=OuterRef("pk"), value__isnull=False, **counted)
        rest = traces.filter(Exists(_within(counts, recipe.where["tokens"])))
        traces = traces.filter(~Exists(counts)) if lacking else rest
    if rate := recipe.where.get("pass_rate"):
        traces = traces.filter(prompt_hash__in=_prompts(rest, msgspec.convert(rate, PassRate)))
    return traces.order_by()


def _left_out(unwanted: dict[str, Any]) -> Iterator[Q]:
    """Tell the traces that are sure not to match filters.

    Of what is not in the index of words, nobody knows whether it has those that `q` asks for.
    """
    itself = Trace.objects.filter(pk=OuterRef("pk"))
    yield Q(~Exists(matching(unwanted, itself)))
    if "q" in unwanted:
        others = {name: value for name, value in unwanted.items() if name != "q"}
        indexed = Q(Exists(SearchDocument.objects.filter(pk=OuterRef("pk"))))
        yield indexed | Q(~Exists(matching(others, itself))) if others else indexed


def _within(counts: QuerySet[Score], asked: dict[str, Any]) -> QuerySet[Score]:
    """Give the counts of tokens between the bounds, both included."""
    tokens = msgspec.convert(asked, Tokens)
    within = counts.filter(value__gte=tokens.min)
    return within if tokens.max is None else within.filter(value__lte=tokens.max)


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


def matched(recipe: Recipe, counted: CountedBy | None) -> tuple[str, list[Any]]:
    """Give SQL and parameters for the rows of what matches, of which nothing else is known yet.

    The wording costs reading the prompts of conversations: it is there where a step goes by it.
    """
    fields = (*OF_TRACES, "source", "meta", "final_answer", "prompt", "messages")
    traces = traces_of(recipe, counted).values_list(*fields)
    query, parameters = traces.query.sql_with_params()
    columns = f"{', '.join(OF_TRACES)}, source, {MODEL} AS model, {ANSWER_KIND} AS answer_kind"
    worded = wording("found") if recipe.decontaminate else "NULL::uuid"
    facts = f"{worded} AS wording, NULL::jsonb AS facts"
    return f"SELECT {columns}, {facts} FROM ({query}) AS found", list(parameters)  # noqa: S608
