"""By the number of steps and their length: kept for comparison, and no measure of quality."""

from traces.scorers.scorer import Content, Scored, Scorer

STEPS_FOR_FULL_SCORE = 10
MEAN_CHARS_FOR_FULL_SCORE = 500
POINTS_PER_PART = 50


def score(content: Content) -> Scored:
    """Score 0 to 100 by length: min(steps/10, 1)*50 + min(mean step chars/500, 1)*50."""
    steps = content.steps
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


BASELINE = Scorer(criteria="baseline", version="1", score=score, open=False)
