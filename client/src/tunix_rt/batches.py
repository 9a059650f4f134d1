"""Many traces, in as many requests as they need."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tunix_rt.errors import Invalid, Problem, Unsendable, problems_of
from tunix_rt.http.transport import Transport, encoded, once
from tunix_rt.results import Entry

BATCH_TRACES = 1_000  # the most that the site takes at once
BATCH_BYTES = 16 * 1024 * 1024  # of JSON; it takes 64 MiB

SCORES_BYTES = 4 * 1024 * 1024

OnError = Literal["abort", "skip"]


@dataclass(frozen=True)
class Cut:
    """Some of the items, in order: where they begin in the whole, and their JSON."""

    start: int
    items: list[bytes]
    named: (
        bool  # whether each has an id of its own, so that it is stored once however often it comes
    )

    @property
    def body(self) -> bytes:
        return b"[" + b",".join(self.items) + b"]"


@dataclass
class Sent:
    """What became of traces that were sent: entries in their order, null where one was bad.

    The indexes of `errors` count from the beginning of the whole; the site tells of the first
    hundred of each thousand, `error_count` counts them all.
    """

    start: int = 0
    created_count: int = 0
    existing_count: int = 0
    error_count: int = 0
    traces: list[Entry | None] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)

    @property
    def ids(self) -> list[str | None]:
        return [entry and entry["id"] for entry in self.traces]

    def add(self, other: "Sent") -> None:
        self.created_count += other.created_count
        self.existing_count += other.existing_count
        self.error_count += other.error_count
        self.traces += other.traces
        self.errors += other.errors


def cut(
    items: Iterable[Mapping[str, Any]], most: int = BATCH_TRACES, most_bytes: int = BATCH_BYTES
) -> Iterator[Cut]:
    """Cut as they come, by count and by bytes. Unsendable names the index of what is no JSON."""
    start, lines, size, named = 0, list[bytes](), 0, True
    for index, item in enumerate(items):
        try:
            line = encoded(item)
        except Unsendable as error:
            raise Unsendable(f"item {index}: {error}") from None
        if lines and (len(lines) == most or size + len(line) > most_bytes):
            yield Cut(start, lines, named)
            start, lines, size, named = index, [], 0, True
        lines.append(line)
        size += len(line) + 1
        named = named and bool(item.get("external_id"))
    if lines:
        yield Cut(start, lines, named)


def send_traces(
    transport: Transport, traces: Iterable[Mapping[str, Any]], on_error: OnError
) -> Iterator[Sent]:
    """Send a batch when it is drawn; yield what became of it."""
    for batch in cut(traces):
        yield _sent(transport, batch, on_error)


def _sent(transport: Transport, batch: Cut, on_error: OnError) -> Sent:
    """Send one batch. Where all of it is bad, that is its errors if bad ones are skipped."""
    query = {"on_error": on_error}
    headers = {} if batch.named else once()
    try:
        answer = transport.post_bytes("/api/traces/batch", batch.body, query, headers)
    except Invalid as error:
        error.shifted(batch.start)
        if on_error == "skip" and any(one.index is not None for one in error.errors):
            count = len(batch.items)
            return Sent(batch.start, error_count=count, traces=[None] * count, errors=error.errors)
        raise
    problems = [problem.shifted(batch.start) for problem in problems_of(answer)]
    return Sent(
        batch.start,
        answer["created_count"],
        answer["existing_count"],
        answer["traces"].count(None),
        answer["traces"],
        problems,
    )


def send_scores(transport: Transport, scores: Iterable[Mapping[str, Any]]) -> int:
    """Send scores, a thousand at a time; give how many were stored."""
    stored = 0
    for batch in cut(scores, most_bytes=SCORES_BYTES):
        try:
            answer = transport.post_bytes("/api/scores/batch", batch.body, None, once())
        except Invalid as error:
            raise error.shifted(batch.start) from None
        stored += answer["created_count"] + answer["updated_count"]
    return stored
