"""What a scorer is: a pure function of all that a trace says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from traces.document import Step


RIGHT, WRONG, UNDECIDED = "right", "wrong", "undecided"


class Content(NamedTuple):
    """What a trace says; its steps are in order."""

    prompt: str
    steps: "Sequence[Step]"
    final_answer: str
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class Scored:
    """What a scorer gives: a value, or None with `details["outcome"]` UNDECIDED."""

    value: float | None
    details: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Gives a value on one criterion; what another version of it gave is kept apart."""

    criteria: str
    version: str
    score: Callable[[Content], Scored]
