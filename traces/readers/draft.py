"""What a reader makes of a source record, and how it says that it cannot."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType

TRACE_VERSION = "1.0"  # of what is no trace document yet


class Unreadable(Exception):
    """A record is not of the format; names the field and the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class Draft:
    """A trace as the source has it, not yet fitted to the limits of the trace document.

    `record` holds every field of the source record that the trace does not hold word for word; it
    becomes `meta.record` and `original`, so that nothing is lost. `notes` say how the trace was
    read (which mark gave the answer, that it was cut off) and stand in meta under their own names.
    `external_id` is None where the source names none; `status`, `scores` ({criteria,
    scorer_version, value, details}) and `step_labels` (-1, 0 or 1 by the step's position) take
    effect when a curator imports. `source_record` gives the part of the source record that this
    trace is of, where one record gives several traces: it is asked where the external_id holds
    other content. One that `is_chosen` is better than the next one of its record.

    What was a trace document before has a `meta` of its own, which wins over what is noted here,
    and where it is kept to the letter its steps' own `indexes` (the `i` of each), and what had been
    cut off as its `original`; UNSET where its meta holds all of it still.
    """

    prompt: str
    final_answer: str
    steps: list[tuple[str, str]]  # type and content, in order
    record: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    source: str | None = None
    external_id: str | None = None
    tags: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] | None = None
    status: str | None = None
    scores: list[dict[str, Any]] = field(default_factory=list)
    step_labels: dict[str, int] = field(default_factory=dict)
    trace_version: str = TRACE_VERSION
    meta: dict[str, Any] | None = None
    indexes: list[int] | None = None
    original: dict[str, Any] | UnsetType | None = UNSET
    source_record: Callable[[], dict[str, Any]] | None = None
    is_chosen: bool = False
