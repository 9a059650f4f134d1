"""Ingest until every trace is searchable and has its signatures, against the same in bulk."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle, islice
from statistics import median
from typing import Any

import msgspec

from benchmarks.baseline import (
    Database,
    bare_connection,
    copy_in,
    copy_text,
    empty,
    empty_copy,
    wait_for_the_indexes,
)
from benchmarks.ingest import BATCH_TRACES
from benchmarks.processors import parent, seconds_of_all, times
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Connection, Site
from benchmarks.timing import percentile, seconds_of
from traces.finding.search import document_sql
from traces.finding.signatures import COPY_COLUMNS, COPY_OPTIONS, Signatures, copy_file, copy_rows
from traces.indexes import Pending, SearchDocument, Signature
from traces.models import Trace

PER = 10_000  # traces, of which processor seconds are told
MOST_SECONDS, HOPED_SECONDS = 3.2, 2.8
LEAST_SHARE = 0.35  # of COPY, over a backlog
MOST_TIMES = 1.5  # a POST beside busy indexers
QUIET_SECONDS = 1.0
QUIET_SHARE = 0.3  # of a processor: workers that wait ask for work twice a second
LOOKS = 60
SINGLE = 300  # traces, sent one by one
ROUNDS = 3
INDEXES = {
    SearchDocument: "gin (document)",
    Signature: "gin (bands)",
}


@dataclass(frozen=True)
class Spent:
    """Seconds of processors: of the web, of the workers, and of all of the database's processes."""

    web: float
    workers: float
    database: float

    @property
    def all(self) -> float:
        return self.web + self.workers + self.database

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(
            self.web - other.web, self.workers - other.workers, self.database - other.database
        )


def measure(site: Site, bodies: list[dict[str, Any]], *, traces: int) -> Iterator[Result]:
    """Measure with so many traces: copies of the bodies that differ in their prompts."""
    lines = list(islice(_copies(bodies), traces))
    with bare_connection() as database, site.connection() as http:
        in_bulk = _in_bulk(database, lines)
        ways = {"batches": _send_batches, "one import": _send_import}
        for name, send in ways.items():
            figures = _until_indexed(site, http, database, lines, send)
            yield from _compared(f"{traces:,} in {name}, until indexed", traces, figures, in_bulk)
        half = lines[: traces // 2]
        yield _over_a_backlog(site, http, database, half)
        yield _beside_indexers(http, database, half)
        _make_empty(site, database)


def _copies(bodies: list[dict[str, Any]]) -> Iterator[bytes]:
    for number in count():
        for body in bodies:
            yield msgspec.json.encode({**body, "prompt": f"{body['prompt']} ({number})"})


def _send_batches(http: Connection, lines: list[bytes]) -> None:
    for some in _parted(lines):
        http.post("/api/traces/batch", b"[%s]" % b",".join(some))


def _send_import(http: Connection, lines: list[bytes]) -> None:
    answer = json.loads(http.post("/api/traces/import", b"\n".join(lines)))
    if answer["created_count"] != len(lines):
        raise BenchmarkFailed(f"Not all lines were stored: {str(answer)[:300]}")


def _parted(lines: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(lines), BATCH_TRACES):
        yield lines[start : start + BATCH_TRACES]


def _texts(lines: list[bytes]) -> list[bytes]:
    return [copy_text([json.loads(line) for line in some]) for some in _parted(lines)]


def _until_indexed(
    site: Site,
    http: Connection,
    database: Database,
    lines: list[bytes],
    send: Callable[[Connection, list[bytes]], None],
) -> tuple[float, Spent]:
    """Give the seconds until the last is indexed, and what was spent until all is quiet again."""
    _make_empty(site, database)
    before, started = _spent(site, database), time.perf_counter()
    send(http, lines)
    wait_for_the_indexes()
    seconds = time.perf_counter() - started
    _wait_until_quiet(site, database)
    for model in INDEXES:
        if (found := model._default_manager.count()) != len(lines):
            raise BenchmarkFailed(f"{found} of {len(lines)} are in {model._meta.db_table}.")
    return seconds, _spent(site, database) - before


def _spent(site: Site, database: Database) -> Spent:
    web = sum(times([site.server.pid, *site.server.web_process_ids()]).values())
    postmaster = parent(database.info.backend_pid)
    return Spent(web, seconds_of_all(site.server.pid) - web, seconds_of_all(postmaster))


def _make_empty(site: Site, database: Database) -> None:
    empty(database, Trace._meta.db_table, Pending._meta.db_table)
    _wait_until_quiet(site, database)


def _wait_until_quiet(site: Site, database: Database) -> None:
    """Wait until nothing is done that was left for later: an index's list, statistics, vacuum."""
    for _ in range(LOOKS):
        before = _spent(site, database).all
        time.sleep(QUIET_SECONDS)
        if _spent(site, database).all - before < QUIET_SHARE * QUIET_SECONDS:
            return
    raise BenchmarkFailed("The site goes on working, though nothing is pending.")


def _in_bulk(database: Database, lines: list[bytes]) -> tuple[float, float]:
    """COPY all, and build both indexes in bulk; give seconds, and processor seconds spent."""
    server = parent(database.info.backend_pid)
    texts = _texts(lines)
    with empty_copy(database, Trace) as table:
        before = time.process_time() + seconds_of_all(server)
        started = time.perf_counter()
        for text in texts:
            copy_in(database, table, text)
        names = {model: f"bench_bulk_{model._meta.db_table}" for model in INDEXES}
        for model, name in names.items():
            database.execute(f"CREATE TABLE {name} (LIKE {model._meta.db_table})")
        database.execute(
            f"INSERT INTO {names[SearchDocument]} SELECT id, {document_sql()} FROM {table}"
        )
        _copy_signatures(database, table, names[Signature])
        for model, name in names.items():
            database.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (trace_id)")
            database.execute(f"CREATE INDEX ON {name} USING {INDEXES[model]}")
        seconds = time.perf_counter() - started
        used = time.process_time() + seconds_of_all(server) - before
        for name in names.values():
            database.execute(f"DROP TABLE {name}")
    return seconds, used


def _copy_signatures(database: Database, table: str, name: str) -> None:
    ids = [identity for (identity,) in database.execute(f"SELECT id FROM {table}")]
    for start in range(0, len(ids), BATCH_TRACES):
        rows = database.execute(
            f"SELECT id, prompt, steps, final_answer FROM {table} WHERE id = ANY(%s)",
            [ids[start : start + BATCH_TRACES]],
        ).fetchall()
        found = Signatures.of([row[1:] for row in rows])
        statement = f"COPY {name} ({COPY_COLUMNS}) FROM STDIN ({COPY_OPTIONS})"
        with database.cursor().copy(statement) as copy:
            copy.write(copy_file([copy_rows([row[0] for row in rows], found)]))


def _compared(
    name: str, traces: int, figures: tuple[float, Spent], in_bulk: tuple[float, float]
) -> Iterator[Result]:
    seconds, used = figures
    bulk_seconds, bulk_used = in_bulk
    yield Result(
        name=name,
        kind="share",
        measured=traces / seconds,
        unit="traces/s",
        baseline=traces / bulk_seconds,
        against="COPY and indexes in bulk",
    )
    yield Result(
        name=f"{name}, processor",
        kind="absolute",
        measured=used.all / traces * PER,
        unit=f"s per {PER:,}",
        baseline=bulk_used / traces * PER,
        against="COPY and indexes in bulk",
        required=MOST_SECONDS,
        hoped=HOPED_SECONDS,
    )
    for part in ("web", "workers", "database"):
        yield Result(
            name=f"{name}, processor of {part}",
            kind="absolute",
            measured=getattr(used, part) / traces * PER,
            unit=f"s per {PER:,}",
        )


def _over_a_backlog(site: Site, http: Connection, database: Database, lines: list[bytes]) -> Result:
    """Import while as many wait since long ago, for which the indexers no longer give way."""
    texts = _texts(lines)
    copying, importing = [], []
    for _ in range(ROUNDS):  # one takes two or three seconds, and differs by a third
        _make_empty(site, database)
        with empty_copy(database, Trace) as table:
            copying.append(sum(seconds_of(copy_in, database, table, text) for text in texts))
        _make_backlog(database, texts)
        importing.append(seconds_of(_send_import, http, lines))
        wait_for_the_indexes()
    return Result(
        name=f"import of {len(lines):,} over a backlog of as many",
        kind="share",
        measured=len(lines) / median(importing),
        unit="traces/s",
        baseline=len(lines) / median(copying),
        against="COPY",
        required=LEAST_SHARE,
    )


def _make_backlog(database: Database, texts: list[bytes]) -> None:
    """Have traces wait for their indexes as if they did since long ago."""
    with database.transaction():
        for text in texts:
            copy_in(database, Trace._meta.db_table, text)
        database.execute(
            f"UPDATE {Pending._meta.db_table} SET created_at = now() - '1 hour'::interval"
        )


def _beside_indexers(http: Connection, database: Database, lines: list[bytes]) -> Result:
    """Send single traces when nothing is indexed, and while many are."""
    texts = _texts(lines)
    wait_for_the_indexes()
    single = cycle(lines)

    def post() -> float:
        return 1000 * seconds_of(http.post, "/api/traces", next(single))

    alone = [post() for _ in range(2 * SINGLE)][SINGLE:]  # the first warm up
    wait_for_the_indexes()
    _make_backlog(database, texts)
    beside = [post()]
    while Pending.objects.filter(trace_count__gt=1).exists() and len(beside) < SINGLE:
        beside.append(post())
    wait_for_the_indexes()
    return Result(
        name="POST of a trace while indexers work, p50",
        kind="times",
        measured=percentile(beside, 0.5),
        unit="ms",
        baseline=percentile(alone, 0.5),
        against="when they are idle",
        required=MOST_TIMES,
    )
