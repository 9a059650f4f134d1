"""Scoring what a recipe asks for and nobody scored yet, before anything is built."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from datasets.recipe.recipe import Recipe
from datasets.recipe.references import Reference
from datasets.recipe.rules import CORRECTNESS
from datasets.recipe.scored import CountedBy, counted_by
from datasets.recipe.steps.match import traces_of
from events.actors import Actor
from jobs.progress import Progress
from traces.querysets import TraceQuerySet
from traces.scorers.answer_correctness import KEY
from traces.services.scoring.request import Scoring
from traces.services.scoring.score_all import score_all
from traces.services.walking import newest_trace
from tunix_site.errors import Invalid

MOVES = (
    "Some that match have no score on {} yet. A build stores these first, by which this filter "
    "would match others: score them before (POST /api/traces/score-all)."
)


@dataclass(frozen=True, kw_only=True)
class ScoringOfRecipe(Scoring):
    """The traces that a recipe's filters match, and that can be scored as far as a filter tells."""

    recipe: Recipe

    @cached_property
    def counted(self) -> CountedBy | None:
        return counted_by(self.recipe)

    def matching(self) -> TraceQuerySet:
        traces = traces_of(self.recipe, self.counted).filter(pk__lte=self.newest)
        return _with_reference(traces) if self.criteria == CORRECTNESS else traces


def _with_reference(traces: TraceQuerySet) -> TraceQuerySet:
    """Keep those that name an answer: the others never get a score."""
    named = traces.filter(meta__has_key=KEY).alias(reference=Reference("meta"))
    found: TraceQuerySet = named.filter(reference__isnull=False)
    return found


def _scorings_of(recipe: Recipe) -> list[ScoringOfRecipe]:
    """Say what is to be scored first: for pairs, which answers are right, and for `verify`.

    Invalid where a filter asks for such scores and some are missing: by storing them, a build would
    change what it matches.
    """
    if not recipe.scored_first:
        return []
    newest = newest_trace()
    scorings = [
        ScoringOfRecipe(where={}, criteria=name, missing_only=True, newest=newest, recipe=recipe)
        for name in recipe.scored_first
    ]
    for scoring in scorings:
        asking = _filters_on(scoring.criteria, recipe.where)
        if asking and scoring.to_score().exists():
            told = MOVES.format(scoring.criteria)
            raise Invalid({"where": {name: [told] for name in asking}})
    return scorings


def _filters_on(criteria: str, where: dict[str, Any]) -> list[str]:
    """Name the filters that ask for scores on a criterion."""
    asked = {
        "criteria": where.get("criteria"),
        "not": where.get("not", {}).get("criteria"),
        "pass_rate": where.get("pass_rate", {}).get("criteria"),
    }
    return [name for name, told in asked.items() if told == criteria]


def unscored(*, recipe: Recipe, most: int) -> dict[str, int]:
    """Count by criteria the scores that a build would store first, up to one more than `most`."""
    counts = {one.criteria: one.to_score()[: most + 1].count() for one in _scorings_of(recipe)}
    return {criteria: count for criteria, count in counts.items() if count}


def lacks_scores(*, recipe: Recipe, more_than: int) -> bool:
    """Tell whether more scores than so many are to be computed first."""
    return sum(unscored(recipe=recipe, most=more_than).values()) > more_than


def score_first(*, recipe: Recipe, by: Actor, progress: Progress | None) -> None:
    """Store the scores that are missing, in transactions of their own, which a job tells of."""
    check = progress.check if progress else lambda: None
    for scoring in _scorings_of(recipe):
        if progress is not None:
            progress.done, progress.total = 0, scoring.to_score().count()
        for batch in score_all(scoring=scoring, by=by, check=check):
            check()
            if progress is not None:
                progress.done += batch.trace_count
    if progress is not None:
        progress.done = 0
