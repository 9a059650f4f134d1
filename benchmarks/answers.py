"""Answers compared with the right ones, before computer algebra, against math-verify alone."""

import random
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed
from benchmarks.timing import medians
from traces.reasoning.answers.comparing import UNDECIDED, compare

SEED = 0
MATH_VERIFY_PAIRS = 200  # of which it takes a fifth of a second
AT_MOST = 10.0  # microseconds a pair: 100,000 pairs a second
HOPED = 6.25
TIMES = 100.0
MAX_UNDECIDED = 0.01

# How models write a number, and how often.
FORMS: tuple[tuple[Callable[[str], str], float], ...] = (
    (str, 0.6),
    (lambda answer: f"${answer}", 0.1),
    (lambda answer: f"{answer}.", 0.05),
    (lambda answer: f"{answer}.0", 0.05),
    (lambda answer: f"{answer} dollars", 0.05),
    (lambda answer: f"\\boxed{{{answer}}}", 0.05),
    (lambda answer: f"{answer}1", 0.1),  # a wrong one
)
Pair = tuple[str, str]


def measure(bodies: list[dict[str, Any]], *, rounds: int) -> Iterator[Result]:
    pairs = list(pairs_of(bodies))

    def both_ways() -> tuple[float, float]:
        return seconds_a_pair(by_stages, pairs), seconds_a_pair(
            by_math_verify, pairs[:MATH_VERIFY_PAIRS]
        )

    by_math_verify(pairs[:1])  # it loads for a second
    ours, theirs = medians(rounds, both_ways)
    yield Result(
        name="answer compared, before computer algebra",
        kind="absolute",
        measured=ours * 1e6,
        unit="us",
        required=AT_MOST,
        hoped=HOPED,
    )
    yield Result(
        name="answers compared, before computer algebra",
        kind="share",
        measured=1 / ours,
        unit="pairs/s",
        baseline=1 / theirs,
        against="math-verify alone",
        required=TIMES,
    )


def pairs_of(bodies: list[dict[str, Any]]) -> Iterator[Pair]:
    """Yield answers as models would write them, with the right ones."""
    dice = random.Random(SEED)
    forms, shares = zip(*FORMS, strict=True)
    for body in bodies:
        right = body["final_answer"]
        yield dice.choices(forms, shares)[0](right), right


def seconds_a_pair(comparing: Callable[[list[Pair]], None], pairs: list[Pair]) -> float:
    started = process_time()
    comparing(pairs)
    return (process_time() - started) / len(pairs)


def by_stages(pairs: list[Pair]) -> None:
    undecided = sum(compare(*pair).outcome == UNDECIDED for pair in pairs)
    if undecided > MAX_UNDECIDED * len(pairs):
        raise BenchmarkFailed(f"{undecided} of {len(pairs)} answers are undecided.")


def by_math_verify(pairs: list[Pair]) -> None:
    from math_verify import parse, verify

    for answer, right in pairs:
        verify(parse(right), parse(answer))
