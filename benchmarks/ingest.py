"""Batches of 1,000 traces over HTTP, against COPY of the same rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from benchmarks.baseline import bare_connection, copy_in, copy_text, empty, empty_copy
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Client, Site
from benchmarks.timing import medians, seconds_of
from traces.models import Trace

BATCH_TRACES = 1_000


@dataclass(frozen=True)
class Batch:
    """The same traces as a request's body and as COPY's text, both prepared."""

    count: int
    body: bytes
    text: bytes


def measure(site: Site, bodies: list[dict[str, Any]], *, rounds: int) -> Iterator[Result]:
    named = [{**body, "external_id": f"problem-{number}"} for number, body in enumerate(bodies)]
    for name, chosen in (("no ids", bodies), ("external_id on each", named)):
        posted, copied = _rates(site, chosen, rounds)
        yield Result(
            name=f"batches of {BATCH_TRACES:,}, {name}",
            kind="share",
            measured=posted,
            unit="traces/s",
            baseline=copied,
            against="COPY",
            required=0.30,
            hoped=0.50,
        )


def _rates(site: Site, bodies: list[dict[str, Any]], rounds: int) -> tuple[float, float]:
    """Give traces a second over HTTP and by COPY; each batch goes both ways in turn."""
    batches = [
        _batch(bodies[start : start + BATCH_TRACES])
        for start in range(0, len(bodies), BATCH_TRACES)
    ]
    with (
        site.client() as client,
        bare_connection() as database,
        empty_copy(database, Trace) as copy,
    ):

        def both_ways() -> tuple[float, float]:
            empty(database, copy, Trace._meta.db_table)
            copying = posting = 0.0
            for batch in batches:
                copying += seconds_of(copy_in, database, copy, batch.text)
                posting += seconds_of(_post, client, batch)
            return posting, copying

        posting, copying = medians(rounds, both_ways)
    return len(bodies) / posting, len(bodies) / copying


def _batch(bodies: list[dict[str, Any]]) -> Batch:
    return Batch(len(bodies), msgspec.json.encode(bodies), copy_text(bodies))


def _post(client: Client, batch: Batch) -> None:
    answer = client.post("/api/traces/batch", batch.body)
    if not answer.startswith(b'{"created_count":%d,' % batch.count):
        raise BenchmarkFailed(f"Not all of a batch were created: {answer[:100]!r}")
