"""Texts that stand in each other, or nearly are each other: what steps of recipes look for."""

import random
from collections.abc import Iterator

from benchmarks.data import generated

CHANGED = (0, 0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3)  # shares of an attempt's words
ATTEMPTS = 20  # at each problem


def questions(count: int, seed: int) -> list[str]:
    return [body["prompt"] for body in generated(count, seed)]


def attempts(count: int, seed: int) -> Iterator[str]:
    """Yield solutions of which many are nearly the same."""
    dice = random.Random(seed)
    texts = [
        " ".join(step["content"] for step in body["steps"])
        for body in generated(max(count // ATTEMPTS, 1), seed)
    ]
    words = [word for text in texts[:1_000] for word in text.split()]
    for _ in range(count):
        share = dice.choice(CHANGED)
        own = dice.choice(texts).split()
        yield " ".join(dice.choice(words) if dice.random() < share else word for word in own)
