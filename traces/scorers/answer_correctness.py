"""Whether the final answer is the reference answer, by equivalence."""

from typing import Any

from traces.reasoning.answers.answer import reference_of
from traces.reasoning.answers.comparing import OPEN, RIGHT, WRONG, Comparison, compare
from traces.reasoning.answers.notation import answer_in
from traces.scorers.scorer import CannotScore, Content, Scored, Scorer
from traces.scorers.symbolic import process

KEY = "reference_answer"
VALUES = {RIGHT: 1.0, WRONG: 0.0}  # undecided has none


def score(content: Content) -> Scored:
    """Score 1 or 0; without a value where the stages cannot tell. `how` names the last of them."""
    return scored(_compare(content.final_answer, reference_in(content)))


def reference_in(content: Content) -> str:
    """Give the answer that is right, as it stands; CannotScore where the trace names none.

    `datasets/recipe/references.py` reads it from the database.
    """
    given = content.meta.get(KEY)
    if isinstance(given, int | float) and not isinstance(given, bool):
        given = str(given)
    reference = reference_of(given) if isinstance(given, str) else None
    if reference is None:
        raise CannotScore(f"The trace has no `meta.{KEY}`, a text or a number, to compare with.")
    return reference


def scored(comparison: Comparison, **details: Any) -> Scored:
    outcome, how, reason = comparison
    said = {"outcome": outcome, "how": how, **({"reason": reason} if reason else {})}
    return Scored(value=VALUES.get(outcome), details={**said, **details})


def _compare(answer: str, reference: str) -> Comparison:
    found = compare(answer, reference)
    if found != OPEN:
        return found
    return process.compare(answer_in(answer), answer_in(reference))


# Others judge this as well: theirs is never taken for ours.
ANSWER_CORRECTNESS = Scorer(criteria="answer_correctness", version="tunix-1", score=score)
