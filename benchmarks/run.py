"""All measurements, one after the other, on a database of their own."""

import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from benchmarks import (
    answers,
    arithmetic,
    builds,
    decontamination,
    exports,
    ingest,
    large,
    latency,
    lists,
    migration,
    near,
    price,
    report,
    steps,
    sustained,
    trainer,
)
from benchmarks.baseline import fill, wait_for_the_indexes
from benchmarks.data import Traces, load_traces
from benchmarks.price import Price
from benchmarks.report import Result
from benchmarks.site import Site, running_site, scratch_database
from tunix_site.progress_bar import progress_bar

PACKAGES = ("Django", "djangorestframework", "gunicorn", "msgspec", "psycopg")


@dataclass(frozen=True)
class Sizes:
    """How much is measured with; a test takes less."""

    batch_rounds: int = 7
    file_rounds: int = 3
    latency_rounds: int = 5
    posts: int = 100  # of one client in a round
    clients: tuple[int, ...] = (1, 8)
    sustained: int = 100_000  # traces, until all are indexed
    attempts: int = 100_000  # from which datasets are built
    copies: int = 10  # of the traces, for what is measured on many rows
    build_rounds: int = 5
    preview_rounds: int = 3
    export_rounds: int = 3
    list_rounds: int = 100
    price_rounds: int = 5
    priced_requests: int = 200  # of each kind in a round, to each server
    answer_rounds: int = 3
    trainer_rounds: int = 2  # 0: without the trainer
    prompts: int = 20_000  # that are looked through for items
    near: int = 100_000  # signatures
    datasketch: int = 10_000  # texts, 0: without it
    text_rounds: int = 3


def run(directory: Path) -> list[str]:
    """Measure everything, print the table and write results.json; name what was missed."""
    directory.mkdir(parents=True, exist_ok=True)
    traces, sizes = load_traces(), Sizes()
    facts: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_before": os.getloadavg(),
    }
    started = time.perf_counter()
    with (
        scratch_database(),
        running_site(directory, with_workers=True) as site,
        tempfile.TemporaryDirectory(dir=directory) as scratch,
    ):
        facts |= {
            "data": traces.origin,
            "traces": len(traces.bodies),
            "sizes": asdict(sizes),
            **_machine(),
        }
        results = list(measure(site, traces, sizes, Path(scratch)))
    facts |= {"load_after": os.getloadavg(), "seconds": round(time.perf_counter() - started)}
    report.write(directory / "results.json", facts, results)
    heading = _heading(f"{facts['traces']:,} traces ({facts['data']})", facts)
    prices = [result for result in results if isinstance(result, Price)]
    print(heading, report.table(results), price.table(prices), sep="\n\n")
    return [result.name for result in results if result.missed]


def run_large(directory: Path) -> list[str]:
    """Measure as traces grow to a million, print the table and write large.json."""
    directory.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_before": os.getloadavg(),
    }
    started = time.perf_counter()
    with scratch_database(), running_site(directory, with_workers=False) as site:
        facts |= _machine()
        figures = list(large.measure(site, large.SIZES))
    facts |= {"load_after": os.getloadavg(), "seconds": round(time.perf_counter() - started)}
    content = {**facts, "figures": large.as_json(figures)}
    (directory / "large.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(_heading("generated traces", facts), large.table(figures), sep="\n\n")
    return [f"{figure.name} at {size:,}" for size, figure in figures if figure.missed]


def run_migration(directory: Path, traces: int) -> list[str]:
    """Migrate so many traces of the version before, print the table and write migration.json."""
    directory.mkdir(parents=True, exist_ok=True)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    facts: dict[str, Any] = {"date": started, "load_before": os.getloadavg()}
    measured = migration.measure(traces)
    facts |= {**_machine(), "load_after": os.getloadavg(), **asdict(measured)}
    (directory / "migration.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(migration.table(measured))
    return []


def measure(site: Site, traces: Traces, sizes: Sizes, scratch: Path) -> Iterator[Result]:
    """Go through all measurements, showing on stderr which one is under way."""
    bodies, rows = traces.bodies, len(traces.bodies) * sizes.copies
    with progress_bar(total=len(sizes.clients) + 12, unit="part") as bar:

        def part(title: str, results: Iterator[Result]) -> Iterator[Result]:
            bar.set_description(title)
            yield from results
            bar.update()

        yield from part(
            "batches and files",
            ingest.measure(
                site,
                bodies,
                rounds=sizes.batch_rounds,
                copies=sizes.copies,
                file_rounds=sizes.file_rounds,
            ),
        )
        wait_for_the_indexes()
        for clients in sizes.clients:
            yield from part(
                f"single traces, {clients} at a time",
                latency.measure(
                    site, bodies[: sizes.posts], clients=clients, rounds=sizes.latency_rounds
                ),
            )
        yield from part("until indexed", sustained.measure(site, bodies, traces=sizes.sustained))
        steps.fill(bodies, sizes.attempts)
        yield from part(
            "recipes", steps.measure(site, traces=sizes.attempts, rounds=sizes.preview_rounds)
        )
        yield from part("builds", builds.measure(rows=sizes.attempts, rounds=sizes.build_rounds))
        fill(bodies, sizes.copies)
        wait_for_the_indexes()
        yield from part(
            "exports",
            exports.measure(site, small=len(bodies), large=rows, rounds=sizes.export_rounds),
        )
        yield from part("answers", answers.measure(bodies, rounds=sizes.answer_rounds))
        yield from part("lists", lists.measure(site, rows=rows, rounds=sizes.list_rounds))
        yield from part(
            "processor time of requests",
            price.measure(
                site,
                bodies,
                scratch,
                requests=sizes.priced_requests,
                rounds=sizes.price_rounds,
            ),
        )
        yield from part(
            "decontamination",
            decontamination.measure(prompts=sizes.prompts, rounds=sizes.text_rounds),
        )
        yield from part(
            "near duplicates",
            near.measure(scratch, traces=sizes.near, others=sizes.datasketch),
        )
        yield from part("scorers", arithmetic.measure(rounds=sizes.build_rounds))
        if sizes.trainer_rounds:
            yield from part("trainer", trainer.measure(site, scratch, rounds=sizes.trainer_rounds))


def _machine() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgresql,) = cursor.fetchone()
    return {
        "web_processes": 1,
        "web_threads": settings.WEB_THREADS,
        "embedded_postgresql": settings.EMBEDDED_POSTGRES,
        "versions": {
            "python": platform.python_version(),
            "postgresql": postgresql,
            **{name: version(name) for name in PACKAGES},
        },
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def _heading(subject: str, facts: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    before, after = facts["load_before"][0], facts["load_after"][0]
    return (
        f"{subject}; {facts['cores']} cores, load {before:.1f} before and {after:.1f} after, "
        f"{facts['seconds']} s.\n{versions}"
    )
