"""The criterion `arithmetic`: processor time on worked solutions, and on the worst of texts."""

import random
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.data import WORDS
from benchmarks.report import Result
from traces.document import MAX_STEP_CHARS
from traces.reasoning.arithmetic.equations import equations_in
from traces.scorers.known import SCORERS
from traces.scorers.scorer import Content

SEED = 7
SOLUTIONS = 5_000
REQUIRED, HOPED = 400.0, 222.0  # microseconds: 2,500 and 4,500 traces a second
HOSTILE_REQUIRED = 500.0  # milliseconds
STEPS = 4  # with a line of words each and an equation, as in GSM8K
HOSTILE = ("1=1=", "1+1=", "1 1/2=", "2^64=", "9", "/", "(1=", "+".join(["7/9%"] * 25) + "=")


def measure(*, rounds: int) -> Iterator[Result]:
    contents = list(solutions(SOLUTIONS))
    seconds = min(_seconds_of(contents) for _ in range(rounds + 1))
    yield Result(
        name="arithmetic of a worked solution, processor time",
        kind="absolute",
        measured=seconds / len(contents) * 1e6,
        unit="us",
        required=REQUIRED,
        hoped=HOPED,
    )
    yield Result(
        name=f"arithmetic of the worst of {len(HOSTILE)} hostile steps, processor time",
        kind="absolute",
        measured=max(map(_milliseconds_of, HOSTILE)),
        unit="ms",
        required=HOSTILE_REQUIRED,
    )


def solutions(count: int) -> Iterator[Content]:
    """Yield solutions of the length of GSM8K's, every hundredth equation of which is wrong."""
    dice = random.Random(SEED)
    for _ in range(count):
        steps: list[Any] = [
            {"i": i, "type": "reasoning", "content": _line(dice)} for i in range(STEPS)
        ]
        yield Content("How many are there?", steps, "42", {})


def _line(dice: random.Random) -> str:
    first, second = dice.randrange(2, 500), dice.randrange(2, 50)
    sign, result = dice.choice(
        [("+", first + second), ("*", first * second), ("x", first * second)]
    )
    result += dice.random() < 0.01
    words = " ".join(dice.choices(WORDS, k=12))
    return f"{words} {first} {sign} ${second} = ${result:,} {' '.join(dice.choices(WORDS, k=3))}."


def _seconds_of(contents: list[Content]) -> float:
    score = SCORERS["arithmetic"].score
    began = time.process_time()
    for content in contents:
        score(content)
    return time.process_time() - began


def _milliseconds_of(part: str) -> float:
    text = (part * MAX_STEP_CHARS)[:MAX_STEP_CHARS]
    began = time.process_time()
    for _ in equations_in(text):
        pass
    return (time.process_time() - began) * 1e3
