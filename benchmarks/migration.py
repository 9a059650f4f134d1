"""What migrating a large database of the version before takes, and whom it keeps waiting.

    .venv-dev/bin/python -m benchmarks --migration 1000000

The dump in tests/before is restored into a database of its own, and its traces multiplied, with
reviews, scores and a dataset of half of them. `migrate` runs on it beside a client that stores and
reviews. Which tables it locks is sampled; a lock that is shorter than the pause between two samples
may be missed, and shows as the client's worst wait alone.
"""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from benchmarks.baseline import Database, bare_connection
from benchmarks.earlier import columns_of, earlier_database, insertion, multiply
from benchmarks.locks import Lock, beside, sampler, strong
from benchmarks.site import BenchmarkFailed
from benchmarks.timing import percentile, seconds_of
from tunix_site.serving.processes import child_process
from tunix_site.serving.server_process import environment_of_a_server

NAMED = "tunix migration"  # as the sessions of `migrate` are called
PAUSE_SECONDS = 0.02
WARM_UP_SECONDS = 5
SAMPLED = 1_000  # traces that are reviewed beside it
FIRST_NUMBER = 10**9  # of those that are stored beside it
MIB = 1024**2
SOME = "SELECT id FROM traces_trace TABLESAMPLE BERNOULLI (10) LIMIT %s"
REVIEW = "UPDATE traces_trace SET status = 'flagged' WHERE id = %s"


@dataclass
class Measured:
    traces: int
    seconds: float = 0.0
    database_mib_before: float = 0.0
    database_mib_after: float = 0.0
    log_mib: float = 0.0
    memory_mib: float = 0.0
    waits: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    locks: list[Lock] = field(default_factory=list)


def measure(traces: int) -> Measured:
    """Restore, multiply, migrate; BenchmarkFailed where it does not come through."""
    with earlier_database(), bare_connection() as database:
        multiply(database, traces)
        measured = Measured(traces, database_mib_before=_mib(database))
        log_before = _value(database, "SELECT pg_current_wal_lsn()")
        with client() as waits:
            time.sleep(WARM_UP_SECONDS)
            measured.waits["before"] = _summary(waits)
            for taken in waits.values():
                taken.clear()
            with sampler(NAMED) as locks:
                measured.seconds, measured.memory_mib = migrate()
            measured.waits["meanwhile"] = _summary(waits)
        measured.locks = strong(locks)
        measured.database_mib_after = _mib(database)
        grown = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), %s)"
        measured.log_mib = float(_value(database, grown, [log_before])) / MIB
    return measured


def migrate() -> tuple[float, float]:
    """Run `migrate` as a process; give its seconds and the most memory that it took, in MiB."""
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as printed:
        environment = environment_of_a_server(Path(directory)) | {"PGAPPNAME": NAMED}
        started = time.perf_counter()
        with child_process(
            [sys.executable, "manage.py", "migrate", "--no-input"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
        ) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        if process.returncode:
            printed.seek(0)
            raise BenchmarkFailed(f"migrate failed:\n{printed.read()[-3000:].decode()}")
    return seconds, usage.ru_maxrss / 1024


@contextlib.contextmanager
def client() -> Iterator[dict[str, list[float]]]:
    """Store a trace and review another, again and again; give the seconds that each took."""
    waits: dict[str, list[float]] = {"store": [], "review": []}

    def work(stop: threading.Event) -> None:
        dice = random.Random(0)
        with bare_connection() as database:
            store = insertion(columns_of(database))  # those of before, as a client of before
            known = database.execute(SOME, [SAMPLED]).fetchall()
            number = FIRST_NUMBER
            while not stop.wait(PAUSE_SECONDS):
                (chosen,) = dice.choice(known)
                number += 1
                waits["store"].append(seconds_of(database.execute, store, [number, number]))
                waits["review"].append(seconds_of(database.execute, REVIEW, [chosen]))

    with beside(work):
        yield waits


def _summary(waits: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "count": len(seconds),
            "p50_ms": round(1000 * percentile(seconds, 0.5), 1),
            "p99_ms": round(1000 * percentile(seconds, 0.99), 1),
            "worst_ms": round(1000 * max(seconds), 1),
        }
        for name, seconds in waits.items()
        if seconds
    }


def _mib(database: Database) -> float:
    return round(float(_value(database, "SELECT pg_database_size(current_database())")) / MIB, 1)


def _value(database: Database, query: str, parameters: Sequence[Any] = ()) -> Any:
    row = database.execute(query, parameters).fetchone()
    assert row is not None  # each gives one
    return row[0]


def table(measured: Measured) -> str:
    """Give what was measured as Markdown."""
    lines = [
        f"{measured.traces:,} traces: {measured.seconds:.1f} s, {measured.memory_mib:.0f} MiB; "
        f"database {measured.database_mib_before:,.0f} to {measured.database_mib_after:,.0f} MiB, "
        f"{measured.log_mib:,.0f} MiB of log",
        "",
        "| table | lock that keeps writers waiting | held at most | waited for at most |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {lock.table} | {lock.mode} | {lock.held_seconds:.2f} s | {lock.waited_seconds:.2f} s |"
        for lock in measured.locks
    ]
    lines += [
        "",
        "| beside it | | how many | p50 | p99 | worst |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for when, deeds in measured.waits.items():
        lines += [
            f"| {when} | {deed} | {said['count']:,} | {said['p50_ms']} ms | {said['p99_ms']} ms "
            f"| {said['worst_ms']} ms |"
            for deed, said in deeds.items()
        ]
    return "\n".join(lines)
