"""How many of the attempts at a prompt give the same answer.

The answer that most of them give is the likeliest: Wang et al., 2022, "Self-Consistency Improves
Chain of Thought Reasoning in Language Models".
"""

from collections import Counter
from collections.abc import Sequence

from traces.reasoning.answers.comparing import same_answer
from traces.scorers.scorer import PromptScorer, Scored

MAX_COMPARED = 20  # the most frequent answers that differ, with which each other one is compared
MAX_COMPARED_CHARS = 200  # longer ones are equal where their texts are


def score(answers: Sequence[str]) -> list[Scored]:
    """Score each attempt by the share of all attempts that give its answer; without one it is 0.

    Equality by value is not transitive, so that an answer joins the most frequent one it equals.
    """
    counts = Counter(answer for answer in answers if answer.strip())
    leaders = _leaders(counts)
    sizes: Counter[str] = Counter()
    for answer, count in counts.items():
        sizes[leaders[answer]] += count
    of_all = {
        "attempts": len(answers),
        "answers": len(sizes),
        "most_frequent": max(sizes.values(), default=0),
    }
    agreeing = [sizes[leaders[answer]] if answer in leaders else 0 for answer in answers]
    return [
        Scored(value=count / len(answers), details={**of_all, "agreeing": count})
        for count in agreeing
    ]


def _leaders(counts: Counter[str]) -> dict[str, str]:
    """Give for each answer the most frequent one that it equals; among as frequent, by text."""
    leaders: dict[str, str] = {}
    compared: list[str] = []
    for answer in sorted(counts, key=lambda answer: (-counts[answer], answer)):
        is_short = len(answer) <= MAX_COMPARED_CHARS
        equals = (other for other in compared if is_short and same_answer(answer, other))
        leaders[answer] = next(equals, answer)
        if leaders[answer] == answer and is_short and len(compared) < MAX_COMPARED:
            compared.append(answer)
    return leaders


AGREEMENT = PromptScorer(criteria="agreement", version="tunix-1", score=score)
