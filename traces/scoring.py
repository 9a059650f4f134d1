"""Scorers: pure functions of a trace's content. A dict of them, by criteria."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from traces.document import Step

STEPS_FOR_FULL_SCORE = 10
MEAN_CHARS_FOR_FULL_SCORE = 500
POINTS_PER_PART = 50


@dataclass(frozen=True)
class Scored:
    value: float
    details: dict[str, Any]


@dataclass(frozen=True)
class Scorer:
    version: str
    score: Callable[[list[Step]], Scored]


def baseline(steps: list[Step]) -> Scored:
    """Score 0 to 100 by length: min(steps/10, 1)*50 + min(mean step chars/500, 1)*50."""
    total_chars = sum(len(step["content"]) for step in steps)
    mean_chars = total_chars / len(steps)
    step_score = min(len(steps) / STEPS_FOR_FULL_SCORE, 1) * POINTS_PER_PART
    length_score = min(mean_chars / MEAN_CHARS_FOR_FULL_SCORE, 1) * POINTS_PER_PART
    return Scored(
        value=round(step_score + length_score, 2),
        details={
            "step_count": len(steps),
            "avg_step_length": round(mean_chars, 2),
            "total_chars": total_chars,
            "step_score": round(step_score, 2),
            "length_score": round(length_score, 2),
        },
    )


SCORERS = {"baseline": Scorer(version="1", score=baseline)}
