"""What becomes of everything as a hundred times as many traces come in."""

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection

from benchmarks import browsing, recipes, reviews, searches
from benchmarks.baseline import bare_connection
from benchmarks.builds import build
from benchmarks.crowd import write_lines
from benchmarks.exports import FLAT_MIB, export, growth
from benchmarks.site import BenchmarkFailed, Connection, Site
from benchmarks.timing import percentile, seconds_of
from tunix_site.progress_bar import progress_bar
from tunix_site.serving.processes import child_process

SIZES = (10_000, 100_000, 1_000_000)
PAGES = 100
SEARCH_ROUNDS = 5
LOOKUPS = 50
LAGGING = 5  # traces that are waited for
MIB = 1024**2
MOST = {  # of builds by steps, at a million traces
    ("near duplicates", "CPU s"): 120,
    ("near duplicates", "MiB"): 1434,
    ("decontamination", "MiB"): 300,
    ("all steps", "s"): 240,
    ("all steps", "MiB"): 1536,
}
TABLES = ("traces_trace", "traces_searchdocument", "traces_signature", "datasets_datasetitem")
WITH_INDEXES = "SELECT pg_total_relation_size(%s)"


@dataclass(frozen=True)
class Figure:
    """Something measured at one size; `most` is what it may be at any."""

    name: str
    value: float
    unit: str
    most: float | None = None

    @property
    def missed(self) -> bool:
        return self.most is not None and self.value > self.most


def measure(site: Site, sizes: tuple[int, ...]) -> Iterator[tuple[int, Figure]]:
    """Grow from size to size, measuring everything at each."""
    before = 0
    with (
        progress_bar(total=len(sizes) * len(PARTS), unit="part") as bar,
        tempfile.TemporaryDirectory(dir=settings.VAR_DIR) as directory,
    ):
        for size in sizes:
            for part in PARTS:
                bar.set_description(f"{size:,} traces: {part.__name__}")
                with site.connection() as http:  # a new one: the server ends idle connections
                    stage = Stage(site, http, Path(directory), before, size)
                    for figure in part(stage):
                        yield size, figure
                bar.update()
            before = size


@dataclass(frozen=True)
class Stage:
    """Growing from `before` to `size` traces."""

    site: Site
    http: Connection
    directory: Path
    before: int
    size: int

    @property
    def web_process(self) -> int:
        return self.site.server.web_process_ids()[0]


def ingest(stage: Stage) -> Iterator[Figure]:
    """Import what is missing, as one stream over HTTP."""
    file, count = stage.directory / "traces.jsonl", stage.size - stage.before
    write_lines(file, stage.before, count)
    summary: dict[str, Any] = {}

    def send() -> None:
        summary.update(client.traces.import_file(file))

    started = time.perf_counter()
    with stage.site.client() as client:
        grown = growth(stage.web_process, send)
    seconds = time.perf_counter() - started
    file.unlink()
    if summary["created_count"] != count:
        raise BenchmarkFailed(f"Not all traces were imported: {str(summary)[:300]}")
    yield Figure("import", count / seconds, "traces/s")
    yield Figure("import, memory added to the web process", grown, "MiB", most=200)


def indexes(stage: Stage) -> Iterator[Figure]:
    """Fill the indexes behind ingest, both at a time, as the workers do."""
    count = stage.size - stage.before
    started = time.perf_counter()
    with ExitStack() as running:
        processes = {
            kind: running.enter_context(_indexer(stage, kind, "--until-empty"))
            for kind in ("search", "similar")
        }
        for kind, process in processes.items():
            if process.wait():
                raise BenchmarkFailed(f"The indexer of {kind} failed: see {stage.directory}.")
            seconds = time.perf_counter() - started
            yield Figure(f"indexed behind it, {kind}", count / seconds, "traces/s")
    with bare_connection() as database:
        for table in TABLES:
            database.execute(f"VACUUM (ANALYZE) {table}")  # as autovacuum does


def _indexer(stage: Stage, kind: str, *options: str) -> Any:
    return child_process(
        [sys.executable, "manage.py", "index_traces", "--kind", kind, *options],
        cwd=settings.BASE_DIR,
        env=dict(stage.site.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def lag(stage: Stage) -> Iterator[Figure]:
    """Send single traces and ask for a word of each until it is found."""
    taken = []
    with _indexer(stage, "search"):
        for number in range(LAGGING):
            word = f"lagging{stage.size}x{number}"
            body = {
                "trace_version": "1.0",
                "prompt": f"What is {word}?",
                "final_answer": "",
                "steps": [{"i": 0, "type": "reasoning", "content": "Nothing."}],
            }
            stage.http.post("/api/traces", json.dumps(body).encode())
            taken.append(seconds_of(searches.wait_until_found, stage.http, word))
    yield Figure("searchable after", max(taken), "s", most=5)


def lists(stage: Stage) -> Iterator[Figure]:
    with bare_connection() as database:
        row = database.execute(
            "SELECT id::text FROM traces_trace ORDER BY id OFFSET 20 LIMIT 1"
        ).fetchone()
    assert row is not None  # the table is full
    cursor = base64.b64encode(urlencode({"p": row[0]}).encode()).decode()
    first = _milliseconds(stage.http, "/api/traces", PAGES)
    last = _milliseconds(stage.http, f"/api/traces?{urlencode({'cursor': cursor})}", PAGES)
    yield Figure("list, first page", first, "ms")
    yield Figure("list, last page", last, "ms")
    yield Figure("list, last page against the first", last / first, "x", most=1.5)


def search(stage: Stage) -> Iterator[Figure]:
    taken = searches.milliseconds(stage.http, SEARCH_ROUNDS)
    for name, times in taken.items():
        yield Figure(f"search for {name}", percentile(times, 0.95), "ms, p95")
    times = [one for times in taken.values() for one in times]
    yield Figure("all searches", percentile(times, 0.50), "ms, p50")
    yield Figure("all searches", percentile(times, 0.95), "ms, p95", most=100)


def similar(stage: Stage) -> Iterator[Figure]:
    with bare_connection() as database:
        rows = database.execute(
            "SELECT id FROM traces_trace ORDER BY content_hash LIMIT %s", [LOOKUPS]
        ).fetchall()
    times = [
        1000 * seconds_of(stage.http.get, f"/api/traces/{identity}/similar") for (identity,) in rows
    ]
    yield Figure("similar traces", percentile(times, 0.95), "ms, p95")
    yield Figure("prompts, first page", _milliseconds(stage.http, "/api/traces/prompts", 20), "ms")


def reviewing(stage: Stage) -> Iterator[Figure]:
    for name, value, unit, most in reviews.measure(stage.http, stage.size):
        yield Figure(name, value, unit, most)


def looking(stage: Stage) -> Iterator[Figure]:
    for name, value, unit, most in browsing.measure(stage.site):
        yield Figure(name, value, unit, most)


def datasets(stage: Stage) -> Iterator[Figure]:
    """Build a dataset of half of the traces and export it."""
    rows = stage.size // 2
    started = time.perf_counter()
    key = build(rows)
    yield Figure("build of half of them", rows / (time.perf_counter() - started), "rows/s")
    for name in ("trace", "tunix_sft"):
        first, last = export(stage.site, key, name, rows)
        grown = growth(stage.web_process, export, stage.site, key, name, rows)
        yield Figure(f"export {name}", rows / last, "rows/s")
        yield Figure(f"export {name}, first byte", 1000 * first, "ms", most=100)
        yield Figure(f"export {name}, memory added", grown, "MiB", most=FLAT_MIB)


def builds_by_steps(stage: Stage) -> Iterator[Figure]:
    """Build datasets of all traces by recipes that read texts and scores."""
    recipes.score()
    for recipe in ("near duplicates", "decontamination", "all steps"):
        for part, value, unit in recipes.measure(recipe, stage.size):
            most = MOST.get((recipe, unit))
            yield Figure(f"build by {recipe}, {part}", value, unit, most)


def storage(stage: Stage) -> Iterator[Figure]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        yield Figure("database", cursor.fetchone()[0] / MIB, "MiB")
        for table in TABLES:
            cursor.execute(WITH_INDEXES, [table])
            yield Figure(f"{table} with its indexes", cursor.fetchone()[0] / MIB, "MiB")


def _milliseconds(http: Connection, path: str, rounds: int) -> float:
    return median(1000 * seconds_of(http.get, path) for _ in range(rounds))


PARTS = (
    ingest,
    indexes,
    lag,
    lists,
    search,
    similar,
    reviewing,
    datasets,
    builds_by_steps,
    looking,
    storage,
)


def table(figures: list[tuple[int, Figure]]) -> str:
    """Give a Markdown table: a row a figure, a column a size."""
    sizes = list(dict.fromkeys(size for size, _ in figures))
    rows: dict[tuple[str, str], dict[int, Figure]] = {}
    for size, figure in figures:
        rows.setdefault((figure.name, figure.unit), {})[size] = figure
    lines = [["measured", *(f"{size:,}" for size in sizes), "at most"]]
    for (name, unit), by_size in rows.items():
        most = next(iter(by_size.values())).most
        cells = [f"{_number(by_size[size].value)} {unit}" for size in sizes]
        lines.append([name, *cells, "" if most is None else f"{_number(most)} {unit}"])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in lines
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def as_json(figures: list[tuple[int, Figure]]) -> list[dict[str, Any]]:
    return [
        {"traces": size, **vars(figure), "met": None if figure.most is None else not figure.missed}
        for size, figure in figures
    ]
