"""A build's steps, in their order, and what each of them made of the candidates."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from datasets.recipe.candidates import Candidates
from datasets.recipe.recipe import Recipe
from datasets.recipe.steps import (
    decontaminate,
    dedupe,
    exact,
    match,
    pair,
    select,
    split,
    verify,
)


class Step(NamedTuple):
    """A step gives how many it removed, by reason; it is taken by recipes that ask for it."""

    apply: Callable[[Recipe, Candidates], dict[str, int]]
    is_asked: Callable[[Recipe], object] = lambda _: True
    judges: bool = True


STEPS: dict[str, Step] = {
    "match": Step(match.apply, judges=False),
    "exact": Step(exact.apply, lambda recipe: recipe.exact),
    "decontaminate": Step(decontaminate.apply, lambda recipe: recipe.decontaminate),
    "verify": Step(verify.apply, lambda recipe: recipe.verify),
    "dedupe": Step(dedupe.apply, lambda recipe: recipe.dedupe),
    "select": Step(select.apply, judges=False),
    "split": Step(split.apply, judges=False),
    "pair": Step(pair.apply, lambda recipe: recipe.pair, judges=False),
}


class Line(msgspec.Struct, rename={"came": "in", "left": "out"}, omit_defaults=True):
    """What a step did: how many came to it, how many it left, and why it removed the others.

    Steps that judge traces are marked where they removed more than half of them. The last one,
    which makes pairs, removes none: it tells how many it made, and why no more.
    """

    step: str
    came: int
    left: int
    reasons: dict[str, int]
    seconds: float
    more_than_half: bool = False
    pairs: int | None = None
    not_paired: dict[str, int] = {}

    @property
    def is_empty(self) -> bool:
        """Tell whether it left nothing: no trace, or no pair where these were asked for."""
        return not self.left or self.pairs == 0


def take_steps(recipe: Recipe, candidates: Candidates) -> Iterator[Line]:
    """Apply the steps to the candidates, one for each line that is asked for."""
    candidates.make_room()
    for name, step in STEPS.items():
        if not step.is_asked(recipe):
            continue
        candidates.step = name
        begun = time.perf_counter()
        removed = step.apply(recipe, candidates)
        pairs = candidates.pairs
        yield Line(
            step=name,
            came=candidates.count + sum(removed.values()),
            left=candidates.count,
            reasons={reason: count for reason, count in removed.items() if count},
            seconds=round(time.perf_counter() - begun, 3),
            more_than_half=step.judges and sum(removed.values()) > candidates.count,
            pairs=None if pairs is None else pairs.number,
            not_paired={} if pairs is None else pairs.refused,
        )


def emptied(line: Line) -> dict[str, list[str] | str]:
    """Say that a step left nothing, by the recipe's key for it."""
    if line.step == "match":
        unscored = line.reasons.get("not_scored")
        why = f" {unscored:,} lack the count that `where.tokens` asks for." if unscored else ""
        return {"detail": f"No trace matches: nothing was built.{why}"}
    if line.pairs == 0:
        told = ", ".join(f"{reason} {count:,}" for reason, count in line.not_paired.items())
        why = told or "no prompt has two attempts of which a rule finds one better"
        if "chosen_longer" in line.not_paired:
            why += ", as `max_longer_share` has it"
        return {"pair": [f"There is no pair ({why}): nothing was built."]}
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in line.reasons.items())
    return {line.step: [f"Of {line.came:,} traces none is left ({reasons}): nothing was built."]}
