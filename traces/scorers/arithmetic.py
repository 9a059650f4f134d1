"""Whether the equations that the steps write down are right.

A wrong one is a proposal: a label of -1 for its step, in the shape that a review takes. A step
without one is proposed nothing, as its equations may be right and its reasoning wrong.
"""

from typing import Any

from traces.reasoning.arithmetic.equations import equations_in
from traces.scorers.scorer import UNDECIDED, Content, Scored, Scorer

MAX_SHOWN = 10
MAX_SHOWN_CHARS = 200
WRONG_LABEL = -1
REASON = "no equation that can be checked"


def score(content: Content) -> Scored:
    """Score the share of the equations that are right; undecided where there is none to check."""
    total = 0
    wrong: list[dict[str, Any]] = []
    for step in content.steps:
        for equation in equations_in(step["content"]):
            total += 1
            if not equation.is_right:
                wrong.append({"i": step["i"], "equation": equation.text[:MAX_SHOWN_CHARS]})
    details: dict[str, Any] = {
        "equations": total,
        "wrong": len(wrong),
        "first_wrong_step": wrong[0]["i"] if wrong else None,
        "step_labels": {str(found["i"]): WRONG_LABEL for found in wrong},
        "wrong_equations": wrong[:MAX_SHOWN],
    }
    if not total:
        return Scored(value=None, details={**details, "outcome": UNDECIDED, "reason": REASON})
    return Scored(value=1 - len(wrong) / total, details=details)


ARITHMETIC = Scorer(criteria="arithmetic", version="tunix-1", score=score)
