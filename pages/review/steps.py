"""The steps of a trace, in pieces: each with its equations that are wrong and others' labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Any

from pages.text.texts import Shown, Texts
from traces.models import Review, Trace
from traces.reasoning.arithmetic.equations import equations_in

PIECE = 50
MAX_WRONG = 5  # equations of one step that are named
MAX_EQUATION_CHARS = 80
MAX_CHECKED_CHARS = 150_000  # of a piece, for its equations: a second of a processor at the worst
WORDS = {1: "right", 0: "neutral", -1: "wrong"}


@dataclass(frozen=True)
class ShownStep:
    """A step, its number from 1 on, and what is known of it."""

    i: int
    number: int
    type: str
    length: int
    text: Shown
    wrong: list[str]
    is_checked: bool  # for wrong equations
    labels: list[tuple[str, str]]  # who, and the word


@dataclass(frozen=True)
class Piece:
    """Some steps of a trace, and where the next ones begin."""

    steps: list[ShownStep]
    total: int
    next: int | None

    @property
    def last(self) -> int:
        return self.next or self.total

    @property
    def left(self) -> int:
        return self.total - self.last


def piece_of(trace: Trace, reviews: Sequence[Review], *, start: int, texts: Texts) -> Piece:
    """Give the steps from a position on; labels are those of the reviews."""
    total = len(trace.steps)
    shown = trace.steps[start : start + PIECE]
    read = accumulate(len(step["content"]) for step in shown)
    steps = [
        _shown(step, number, reviews, texts, check=chars <= MAX_CHECKED_CHARS)
        for number, (step, chars) in enumerate(zip(shown, read, strict=True), start + 1)
    ]
    return Piece(steps=steps, total=total, next=start + PIECE if start + PIECE < total else None)


def _shown(
    step: Mapping[str, Any],
    number: int,
    reviews: Sequence[Review],
    texts: Texts,
    *,
    check: bool,
) -> ShownStep:
    content = step["content"]
    found = equations_in(content) if check else iter(())
    wrong = (one.text[:MAX_EQUATION_CHARS] for one in found if not one.is_right)
    given = [(review, (review.step_labels or {}).get(str(step["i"]))) for review in reviews]
    return ShownStep(
        i=step["i"],
        number=number,
        type=step["type"],
        length=len(content),
        text=texts.show(content),
        wrong=list(islice(wrong, MAX_WRONG)),
        is_checked=check,
        labels=[
            (review.reviewer.get_username(), WORDS[label])
            for review, label in given
            if label in WORDS
        ],
    )
