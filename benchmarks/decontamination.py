"""Prompts against an evaluation set, with evidence, beside what others count: any shared 8-gram."""

import time
from collections.abc import Callable, Iterator

from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed
from benchmarks.texts import questions
from benchmarks.timing import medians
from datasets.recipe.text.contamination import ItemIndex
from datasets.recipe.text.words import words_of

ITEMS = 1_319
PLANTED = 30  # one prompt of so many is an item


def measure(*, prompts: int, rounds: int) -> Iterator[Result]:
    items, texts = questions(ITEMS, seed=1), questions(prompts, seed=2)
    for number in range(0, prompts, PLANTED):
        texts[number] = f"Solve this: {items[number % ITEMS]}"
    planted = len(range(0, prompts, PLANTED))

    def both() -> tuple[float, float]:
        ours, found = _timed(lambda: _shares(items, texts))
        theirs, flagged = _timed(lambda: _eight_grams(items, texts))
        if found < planted or flagged < planted:
            raise BenchmarkFailed(f"{found} and {flagged} of {planted} planted items were found.")
        return ours, theirs

    ours, theirs = medians(rounds, both)
    yield Result(
        name=f"{prompts:,} distinct prompts against {ITEMS:,} items, with evidence",
        kind="rate",
        measured=prompts / ours,
        unit="prompts/s",
        baseline=prompts / theirs,
        against="any shared 8-gram, in ten lines",
        required=15_000,
        hoped=18_000,
    )


def _timed(deed: Callable[[], int]) -> tuple[float, int]:
    started = time.process_time()
    found = deed()
    return time.process_time() - started, found


def _shares(items: list[str], texts: list[str]) -> int:
    return sum(map(bool, ItemIndex(items).find(words_of(text) for text in texts)))


def _eight_grams(items: list[str], texts: list[str]) -> int:
    def grams(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return set(zip(*(words[start:] for start in range(8)), strict=False))

    known = set().union(*map(grams, items))
    return sum(not known.isdisjoint(grams(text)) for text in texts)
