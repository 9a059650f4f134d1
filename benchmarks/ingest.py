"""Batches and files of traces over HTTP, against COPY of the same rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from benchmarks.baseline import (
    bare_connection,
    copy_in,
    copy_text,
    copy_text_of,
    empty,
    empty_copy,
)
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Connection, Site
from benchmarks.timing import medians, seconds_of
from traces.indexes import Pending
from traces.intake.incoming import Incoming
from traces.intake.records import RecordReader
from traces.models import Trace
from traces.readers.formats import FORMATS
from traces.sources.records import Record

BATCH_TRACES = 1_000


@dataclass(frozen=True)
class Batch:
    """The same traces as a request's body and as COPY's text, both prepared."""

    count: int
    body: bytes
    text: bytes


def measure(
    site: Site, bodies: list[dict[str, Any]], *, rounds: int, copies: int, file_rounds: int
) -> Iterator[Result]:
    """Measure batches of the bodies, and a file of so many copies of them."""
    yield from _batches(site, bodies, rounds)
    yield _file(site, bodies, copies, file_rounds)


def _batches(site: Site, bodies: list[dict[str, Any]], rounds: int) -> Iterator[Result]:
    named = [{**body, "external_id": f"problem-{number}"} for number, body in enumerate(bodies)]
    for name, chosen, required, hoped in (
        ("no ids", bodies, 0.40, 0.55),
        ("external_id on each", named, 0.25, 0.35),
    ):
        posted, copied = _rates(site, chosen, rounds)
        yield Result(
            name=f"batches of {BATCH_TRACES:,}, {name}",
            kind="share",
            measured=posted,
            unit="traces/s",
            baseline=copied,
            against="COPY",
            required=required,
            hoped=hoped,
        )


def _file(site: Site, bodies: list[dict[str, Any]], copies: int, rounds: int) -> Result:
    """Import NDJSON of copies that differ in their prompts; each round anew into an empty table."""
    lines = [
        msgspec.json.encode({**body, "prompt": f"{body['prompt']} ({number})"})
        for number in range(copies)
        for body in bodies
    ]
    ndjson = b"\n".join(lines)
    texts = _texts_of_lines(lines)
    with (
        site.connection() as http,
        bare_connection() as database,
        empty_copy(database, Trace) as copy,
    ):

        def both_ways() -> tuple[float, float]:
            empty(database, copy, Trace._meta.db_table, Pending._meta.db_table)
            copying = sum(seconds_of(copy_in, database, copy, text) for text in texts)
            return seconds_of(_import, http, ndjson, len(lines)), copying

        importing, copying = medians(rounds, both_ways)
    return Result(
        name=f"import of {len(lines):,}, NDJSON",
        kind="share",
        measured=len(lines) / importing,
        unit="traces/s",
        baseline=len(lines) / copying,
        against="COPY",
        required=0.50,
        hoped=0.65,
    )


def _texts_of_lines(lines: list[bytes]) -> list[bytes]:
    """Prepare the rows that an import makes of lines, with the ids that it gives them."""
    reader = RecordReader(FORMATS["trace"], source=None, may_curate=False)
    texts = []
    for start in range(0, len(lines), BATCH_TRACES):
        records = [Record(start + n, raw) for n, raw in enumerate(lines[start:][:BATCH_TRACES], 1)]
        documents = [one.document for one in reader.read(records) if isinstance(one, Incoming)]
        texts.append(copy_text_of(documents))
    return texts


def _import(http: Connection, ndjson: bytes, count: int) -> None:
    answer = json.loads(http.post("/api/traces/import", ndjson))
    if answer["created_count"] != count:
        raise BenchmarkFailed(f"Not all lines were stored: {str(answer)[:300]}")


def _rates(site: Site, bodies: list[dict[str, Any]], rounds: int) -> tuple[float, float]:
    """Give traces a second over HTTP and by COPY; each batch goes both ways in turn."""
    batches = [
        _batch(bodies[start : start + BATCH_TRACES])
        for start in range(0, len(bodies), BATCH_TRACES)
    ]
    with (
        site.connection() as http,
        bare_connection() as database,
        empty_copy(database, Trace) as copy,
    ):

        def both_ways() -> tuple[float, float]:
            empty(database, copy, Trace._meta.db_table, Pending._meta.db_table)
            copying = posting = 0.0
            for batch in batches:
                copying += seconds_of(copy_in, database, copy, batch.text)
                posting += seconds_of(_post, http, batch)
            return posting, copying

        posting, copying = medians(rounds, both_ways)
    return len(bodies) / posting, len(bodies) / copying


def _batch(bodies: list[dict[str, Any]]) -> Batch:
    return Batch(len(bodies), msgspec.json.encode(bodies), copy_text(bodies))


def _post(http: Connection, batch: Batch) -> None:
    answer = http.post("/api/traces/batch", batch.body)
    if not answer.startswith(b'{"created_count":%d,' % batch.count):
        raise BenchmarkFailed(f"Not all of a batch were created: {answer[:100]!r}")
