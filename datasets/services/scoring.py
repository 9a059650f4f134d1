"""Scoring what a recipe asks for and nobody scored yet, before anything is built."""

from collections.abc import Callable
from dataclasses import dataclass

from datasets.recipe.recipe import Recipe
from datasets.recipe.rules import CORRECTNESS
from datasets.recipe.steps.match import traces_of
from events.actors import Actor
from traces.querysets import TraceQuerySet
from traces.scorers.answer_correctness import KEY
from traces.services.scoring.request import Scoring
from traces.services.scoring.score_all import score_all
from traces.services.walking import newest_trace


@dataclass(frozen=True, kw_only=True)
class ScoringOfRecipe(Scoring):
    """The traces that a recipe's filters match and that have a reference answer."""

    recipe: Recipe

    def matching(self) -> TraceQuerySet:
        return traces_of(self.recipe).filter(pk__lte=self.newest, meta__has_key=KEY)


def _scoring_of(recipe: Recipe) -> ScoringOfRecipe | None:
    """Say what is to be scored first, if anything: which answers are right, where pairs ask."""
    if recipe.pair is None or not recipe.pair.by_correctness:
        return None
    return ScoringOfRecipe(
        where={}, criteria=CORRECTNESS, missing_only=True, newest=newest_trace(), recipe=recipe
    )


def lacks_scores(*, recipe: Recipe, more_than: int) -> bool:
    """Tell whether more scores than so many are to be computed first."""
    scoring = _scoring_of(recipe)
    return scoring is not None and scoring.to_score()[more_than : more_than + 1].exists()


def score_first(*, recipe: Recipe, by: Actor, check: Callable[[], None]) -> None:
    """Store the scores that are missing, in transactions of their own; `check` as `score_all`."""
    scoring = _scoring_of(recipe)
    if scoring is not None:
        for _ in score_all(scoring=scoring, by=by, check=check):
            check()
