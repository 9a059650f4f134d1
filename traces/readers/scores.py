"""The source's own verdicts, as scores."""

from typing import Any

CRITERIA = "answer_correctness"


def correctness(scorer_version: str, is_correct: bool | None) -> list[dict[str, Any]]:  # noqa: FBT001
    """Give the score of a flag of the source; a flag that is null gives none."""
    if is_correct is None:
        return []
    return [
        {
            "criteria": CRITERIA,
            "scorer_version": scorer_version,
            "value": 1.0 if is_correct else 0.0,
            "details": {},
        }
    ]
