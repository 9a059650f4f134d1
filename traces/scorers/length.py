"""How long a trace is, in characters."""

from traces.scorers.scorer import Content, Scored, Scorer


def score(content: Content) -> Scored:
    """Count the characters of prompt, steps and final answer: the trace's `total_chars`."""
    counts = {
        "prompt": len(content.prompt),
        "steps": sum(len(step["content"]) for step in content.steps),
        "final_answer": len(content.final_answer),
    }
    return Scored(value=float(sum(counts.values())), details={**counts, "unit": "characters"})


LENGTH = Scorer(criteria="length", version="tunix-1", score=score)
