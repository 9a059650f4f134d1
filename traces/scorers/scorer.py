"""What a scorer is: a pure function of all that a trace says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from traces.reasoning.answers.comparing import RIGHT, UNDECIDED, WRONG

__all__ = [
    "RIGHT",
    "UNDECIDED",
    "WRONG",
    "CannotScore",
    "Content",
    "PromptScorer",
    "Scored",
    "Scorer",
    "TryAgain",
]

if TYPE_CHECKING:
    from traces.document import Step


class Content(NamedTuple):
    """What a trace says; its steps are in order."""

    prompt: str
    steps: "Sequence[Step]"
    final_answer: str
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class Scored:
    """What a scorer gives: a value, or None where `details["outcome"]` is `undecided`."""

    value: float | None
    details: dict[str, Any]


class CannotScore(Exception):
    """The content lacks what the scorer needs; the message says what."""


class TryAgain(Exception):
    """What the scorer works with is busy, or cannot be used now; the message says so."""


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Gives a value on one criterion; what another version of it gave is kept apart.

    `score` raises CannotScore and TryAgain. Of an `open` one others may send scores as well, by
    versions of their own.
    """

    criteria: str
    version: str
    score: Callable[[Content], Scored]
    open: bool = True


@dataclass(frozen=True, kw_only=True)
class PromptScorer:
    """Gives a value to each attempt at one prompt, by the final answers of all of them."""

    criteria: str
    version: str
    score: Callable[[Sequence[str]], list[Scored]]
    open: bool = True
