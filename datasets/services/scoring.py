"""Scoring what a recipe asks for and nobody scored yet, before anything is built."""

from dataclasses import dataclass
from functools import cached_property

from datasets.recipe.recipe import Missing, Recipe
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


@dataclass(frozen=True, kw_only=True)
class ScoringOfRecipe(Scoring):
    """The traces that a recipe's filters match, and that can be scored as far as a filter tells."""

    recipe: Recipe

    @cached_property
    def counted(self) -> CountedBy | None:
        return counted_by(self.recipe)

    def matching(self) -> TraceQuerySet:
        traces = traces_of(self.recipe, self.counted).filter(pk__lte=self.newest)
        return traces.filter(meta__has_key=KEY) if self.criteria == CORRECTNESS else traces


def _scorings_of(recipe: Recipe) -> list[ScoringOfRecipe]:
    """Say what is to be scored first: for pairs, which answers are right, and for `verify`."""
    criteria = []
    if recipe.pair is not None and recipe.pair.by_correctness:
        criteria.append(CORRECTNESS)
    if recipe.verify is not None and recipe.verify.missing is Missing.SCORE:
        criteria.append(recipe.verify.criteria)
    if not criteria:
        return []
    newest = newest_trace()
    return [
        ScoringOfRecipe(where={}, criteria=name, missing_only=True, newest=newest, recipe=recipe)
        for name in dict.fromkeys(criteria)
    ]


def lacks_scores(*, recipe: Recipe, more_than: int) -> bool:
    """Tell whether more scores than so many are to be computed first."""
    missing = (scoring.to_score()[: more_than + 1].count() for scoring in _scorings_of(recipe))
    return sum(missing) > more_than


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
