"""Attempts at problems, as models make them: copies, near copies and others, right and wrong."""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.texts import questions

TEST_DATA_VARIABLE = "TUNIX_BENCH_TEST_DATA"
ITEMS = 1_319
SEED = 4
EACH = 5, 2  # attempts at so many prompts
RIGHT = 0.7
LEVELS = 5
PLANTED = 100  # of so many prompts, one has an item in it
CHANGED = (0, 0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9)  # shares of an attempt's words
OTHER_WORDS = 0.5  # of the words of every second copy of a prompt


def attempts(bodies: list[dict[str, Any]], count: int, items: list[str]) -> Iterator[Any]:
    """Yield traces of GSM8K's kind, as POST /api/traces takes them.

    Where there are more prompts than bodies, half of the others are nearly the same as one of them.
    """
    dice = random.Random(SEED)
    words = [word for body in bodies[:1_000] for word in _words(body)]
    tries, prompts = EACH
    before = -1
    for number in range(count):
        problem = number * prompts // tries
        if problem != before:
            before = problem
            copy, place = divmod(problem, len(bodies))
            prompt = _prompt(dice, bodies[place]["prompt"], words, copy)
            if not problem % PLANTED:
                prompt = f"{items[problem // PLANTED % len(items)]} {prompt[:40]}"
        yield _attempt(dice, bodies[place], words, prompt)


def _prompt(dice: random.Random, prompt: str, words: list[str], copy: int) -> str:
    if not copy:
        return prompt
    share = 0 if copy % 2 else OTHER_WORDS
    return f"{' '.join(_changed(dice, share, words, prompt.split()))} ({copy})"


def _attempt(
    dice: random.Random, body: dict[str, Any], words: list[str], prompt: str
) -> dict[str, Any]:
    share = dice.choice(CHANGED)
    steps = [
        {**step, "content": " ".join(_changed(dice, share, words, step["content"].split()))}
        for step in body["steps"]
    ]
    right = body["final_answer"]
    answer = right if dice.random() < RIGHT else f"{right}{dice.randrange(10)}"
    meta = {**body["meta"], "level": dice.randrange(LEVELS)}
    return {**body, "prompt": prompt, "steps": steps, "final_answer": answer, "meta": meta}


def _changed(dice: random.Random, share: float, words: list[str], own: list[str]) -> list[str]:
    if not share:
        return own
    return [dice.choice(words) if dice.random() < share else word for word in own]


def _words(body: dict[str, Any]) -> Iterator[str]:
    for step in body["steps"]:
        yield from step["content"].split()


def item_prompts() -> list[str]:
    """Read the file that TUNIX_BENCH_TEST_DATA names, lines of `{"question"}`, or generate."""
    if named := os.environ.get(TEST_DATA_VARIABLE):
        lines = Path(named).read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["question"] for line in lines]
    return questions(ITEMS, seed=1)
