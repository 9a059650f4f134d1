"""What the site answers of queues, reviews and events, as typed dicts."""

from typing import Any, TypedDict

from tunix_rt.results import Trace


class QueueRow(TypedDict):
    id: int
    name: str
    where: dict[str, Any]
    order: str
    criteria: str
    seed: int
    overlap: float
    blind: bool
    reasons: list[str]
    step_labels: bool
    people: list[str]
    left: int
    reviewed: int
    job: str | None
    created_by: str | None
    created_at: str


class Queue(QueueRow):
    guideline: str
    guideline_version: int
    agreement: list[dict[str, Any]]


class Claim(TypedDict):
    id: int
    expires_at: str


class Claimed(TypedDict):
    """A trace to review, yours until the claim expires."""

    trace: Trace
    claim: Claim
    left: int


class Review(TypedDict):
    id: int
    trace: str
    reviewer: str
    verdict: str
    status_before: str
    note: str
    reasons: list[str]
    step_labels: dict[str, int] | None
    created_at: str
    queue: int | None
    guideline: int | None
    undoes: int | None


class Thing(TypedDict):
    type: str
    id: str


class Event(TypedDict):
    """What was done; of several things `id` of the object is empty, and `count` how many."""

    id: str
    at: str
    actor: str
    key: str
    through: str
    job: str | None
    action: str
    object: Thing
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    count: int | None
    where: dict[str, Any] | None
