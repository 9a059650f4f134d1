"""The traces that are measured with: GSM8K's training problems, or generated ones of that size."""

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA_VARIABLE = "TUNIX_BENCH_DATA"
CALCULATION = re.compile(r"<<[^>]*>>")
ANSWER_MARK = "\n#### "

SEED = 0
PROBLEMS = 7_473
# Mean and deviation of the logarithm of GSM8K's characters a question and a step, and of its
# steps an answer.
QUESTION, STEP, STEPS = (5.38, 0.38), (4.07, 0.52), (1.20, 0.38)
_PROSE = (
    "a all and are as at before by cost day each every five for from gave had half has he her how "
    "in is it left many more much of on one per so than that the then there they three to total "
    "twice two was week were will with"
)
WORDS = _PROSE.split()


@dataclass(frozen=True)
class Traces:
    """Bodies as POST /api/traces takes them, and where they come from."""

    origin: str
    bodies: list[dict[str, Any]]


def load_traces() -> Traces:
    """Read the file that TUNIX_BENCH_DATA names, or generate."""
    if named := os.environ.get(DATA_VARIABLE):
        path = Path(named)
        return Traces(path.name, list(read_problems(path)))
    return Traces(f"generated, seed {SEED}", list(generated(PROBLEMS)))


def read_problems(path: Path) -> Iterator[dict[str, Any]]:
    """Yield a trace per line of `{"question", "answer"}`: a step per line of the answer."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            problem = json.loads(line)
            worked, _, answer = problem["answer"].rpartition(ANSWER_MARK)
            texts = CALCULATION.sub("", worked).splitlines()
            yield body(problem["question"], [text for text in texts if text], answer, "gsm8k")


def generated(count: int, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Yield traces whose sizes are distributed as GSM8K's."""
    dice = random.Random(seed)
    for _ in range(count):
        steps = [text(dice, *STEP) for _ in range(max(2, round(dice.lognormvariate(*STEPS))))]
        yield body(text(dice, *QUESTION), steps, str(dice.randrange(1000)), "generated")


def text(dice: random.Random, mean: float, deviation: float) -> str:
    size = max(1, round(dice.lognormvariate(mean, deviation)))
    words: list[str] = []
    while size > 0:
        words.append(dice.choice(WORDS) if dice.random() < 0.85 else str(dice.randrange(1000)))
        size -= len(words[-1]) + 1
    return " ".join(words)


def body(prompt: str, steps: list[str], answer: str, source: str) -> dict[str, Any]:
    return {
        "trace_version": "1.0",
        "prompt": prompt,
        "final_answer": answer,
        "steps": [
            {"i": number, "type": "reasoning", "content": step} for number, step in enumerate(steps)
        ],
        "meta": {"source": source, "reference_answer": answer},
    }
