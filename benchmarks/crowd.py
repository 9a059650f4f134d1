"""Very many traces: the texts of a few thousand generated ones, each with words of its own.

The words are made up and spread as those of a language are (Zipf's law), so that some are in most
traces and some in next to none: what a search has to cope with.
"""

import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.data import generated

TEMPLATES = 5_000
VOCABULARY = 50_000
WORDS_EACH = 12
ATTEMPTS = 4  # at each prompt
BLOCK = 1_000  # traces that follow from one seed: let files begin with one
_CONSONANTS = "bdfghjklmnprstvwz"
_SYLLABLES = [consonant + vowel for consonant in _CONSONANTS for vowel in "aeiou"]


def made_up_words() -> list[str]:
    """Make the vocabulary, the most frequent word first."""
    dice = random.Random(1)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4)))] = None
    return list(words)


def write_lines(path: Path, start: int, count: int) -> None:
    """Write traces as JSON Lines; the same numbers give the same traces."""
    with path.open("wb") as file:
        for line in lines(start, count):
            file.write(line)


def lines(start: int, count: int) -> Iterator[bytes]:
    words = [word.encode() for word in made_up_words()]
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    templates = [_template(body) for body in generated(TEMPLATES)]
    dice = random.Random()
    for number in range(start, start + count):
        if number == start or not number % BLOCK:
            dice.seed(number)
        chosen = dice.choices(words, cum_weights=weights, k=WORDS_EACH)
        head, middle, tail = templates[number % TEMPLATES]
        prompt = b"%s %d" % (head, number // TEMPLATES // ATTEMPTS)
        yield b"%s%s %d: %s%s" % (prompt, middle, number, b" ".join(chosen), tail)


def _template(body: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    """Part a trace's JSON where its prompt ends and where its first step does."""
    steps = body["steps"]
    first = {**steps[0], "content": steps[0]["content"] + "\v"}
    meta = {**body["meta"], "level": len(steps)}
    marked = {**body, "prompt": body["prompt"] + "\f", "steps": [first, *steps[1:]], "meta": meta}
    head, rest = msgspec.json.encode(marked).split(b"\\f")
    middle, tail = rest.split(b"\\u000b")
    return head, middle, tail + b"\n"
