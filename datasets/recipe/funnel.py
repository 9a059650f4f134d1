"""A build's steps, in their order, and what each of them made of the candidates."""

import time
from collections.abc import Callable, Iterator

import msgspec

from datasets.recipe.candidates import Candidates
from datasets.recipe.recipe import Recipe
from datasets.recipe.steps import match, select, split

Step = Callable[[Recipe, Candidates], dict[str, int]]

# Each gives how many it removed, by reason.
STEPS: dict[str, Step] = {
    "match": match.apply,
    "select": select.apply,
    "split": split.apply,
}


class Line(msgspec.Struct, rename={"came": "in", "left": "out"}):
    """What a step did: how many came to it, how many it left, and why it removed the others."""

    step: str
    came: int
    left: int
    reasons: dict[str, int]
    seconds: float


def take_steps(recipe: Recipe, candidates: Candidates) -> Iterator[Line]:
    """Apply the steps to the candidates, one for each line that is asked for."""
    for name, apply in STEPS.items():
        begun = time.perf_counter()
        removed = apply(recipe, candidates)
        yield Line(
            step=name,
            came=candidates.count + sum(removed.values()),
            left=candidates.count,
            reasons={reason: count for reason, count in removed.items() if count},
            seconds=round(time.perf_counter() - begun, 3),
        )
