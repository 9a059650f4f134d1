"""Exports against COPY of the same text rendered in SQL; their first byte and memory; Parquet."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.baseline import bare_connection
from benchmarks.rendered import RENDERED, query_of
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Connection, Site
from benchmarks.timing import P, medians, seconds_of

MIB = 1024**2
PARQUET_END = b"PAR1"
APPROVED = "UPDATE traces_trace SET status = 'approved'"
# one of each trace, so that there are labels to export
REVIEWS = """
    INSERT INTO traces_review (trace_id, reviewer_id, verdict, note, step_labels, created_at)
    SELECT id, (SELECT min(id) FROM auth_user), 'approved', '', '{"0": 1}', now()
    FROM traces_trace
"""
FIRST_BYTE_MS = 100
FIRST_BYTE_OF_GROUPS_MS = {"grpo": 400}  # which knows its first line when all rows are grouped
FLAT_MIB = 8  # by which the memory of ten times the rows may exceed
RESET_PEAK = "5"  # see proc_pid_clear_refs(5)


def measure(site: Site, *, small: int, large: int, rounds: int) -> Iterator[Result]:
    """Measure each format on a dataset of `large` rows; its memory also on one of `small` rows."""
    with bare_connection() as database:
        database.execute(APPROVED)
        database.execute("VACUUM (FULL, ANALYZE) traces_trace")
        database.execute(REVIEWS)
    with site.client() as client:
        keys = [
            client.datasets.build("exports", str(rows), limit=rows)["dataset_key"]
            for rows in (small, large)
        ]
    yield from of_formats(site, keys, RENDERED, rounds)


def of_formats(site: Site, keys: list[str], names: Iterable[str], rounds: int) -> Iterator[Result]:
    """Measure formats on the last of two datasets; their memory also on the first, the smaller."""
    with site.client() as client:
        counts = {
            name: {key: client.datasets.formats(key, name)["row_count"] for key in keys}
            for name in names
        }
    with bare_connection() as database:
        for name, rows in counts.items():
            yield from _speed(site, database, name, rows, rounds)
            if Path("/proc").exists():
                yield _memory(site, name, rows)


def _speed(
    site: Site,
    database: psycopg.Connection[Any],
    name: str,
    counts: dict[str, int],
    rounds: int,
) -> Iterator[Result]:
    key, rows = list(counts.items())[-1]

    def both_ways() -> tuple[float, ...]:
        rendering = seconds_of(render, database, key, name, rows)
        return rendering, *export(site, key, name, rows)

    rendering, first, last = medians(rounds, both_ways)
    yield Result(
        name=f"export {name}, {rows:,} rows",
        kind="share",
        measured=rows / last,
        unit="rows/s",
        baseline=rows / rendering,
        against="SQL and COPY",
        required=0.50,
        hoped=0.65,
    )
    yield Result(
        name=f"export {name}, time to first byte",
        kind="absolute",
        measured=1000 * first,
        unit="ms",
        required=FIRST_BYTE_OF_GROUPS_MS.get(name, FIRST_BYTE_MS),
    )
    yield Result(
        name=f"export {name} in Parquet",
        kind="share",
        measured=rows / seconds_of(export_parquet, site, key, name),
        unit="rows/s",
        baseline=rows / last,
        against="its lines",
        required=0.30,
    )


def _memory(site: Site, name: str, counts: dict[str, int]) -> Result:
    """Compare what exports of few and of many rows add to the memory of the web process."""
    web_process = site.server.web_process_ids()[0]
    little, much = (
        growth(web_process, export, site, key, name, rows) for key, rows in counts.items()
    )
    small, large = counts.values()
    return Result(
        name=f"export {name}, memory for {large:,} rows",
        kind="growth",
        measured=much,
        unit="MiB",
        baseline=little,
        against=f"for {small:,}",
        required=FLAT_MIB,
    )


def export(site: Site, key: str, name: str, rows: int) -> tuple[float, float]:
    """Read an export; give the seconds to its first byte and to its last."""
    with _nothing_kept(site) as http:
        started = time.perf_counter()
        first, lines = 0.0, 0
        for piece in http.stream(f"/api/datasets/{key}/export.jsonl?format={name}"):
            first = first or time.perf_counter() - started
            lines += piece.count(b"\n")
        last = time.perf_counter() - started
    check_count(lines, rows, name)
    return first, last


def export_parquet(site: Site, key: str, name: str) -> None:
    """Read an export in Parquet."""
    last = b""
    with _nothing_kept(site) as http:
        for piece in http.stream(f"/api/datasets/{key}/export.parquet?format={name}"):
            last = (last + piece)[-len(PARQUET_END) :]
    if last != PARQUET_END:
        raise BenchmarkFailed(f"{name}: the Parquet file is not whole.")


@contextmanager
def _nothing_kept(site: Site) -> Iterator[Connection]:
    """Give a connection for one export, which is rendered each time: earlier ones go first."""
    shutil.rmtree(site.kept_exports, ignore_errors=True)
    with site.connection() as http:  # of its own: a further request waits until the file is synced
        yield http
        http.get("/api/health")


def render(database: psycopg.Connection[Any], key: str, name: str, rows: int) -> None:
    """Read the same text as the database renders it."""
    check_count(sum(line.count(b"\n") for line in rendered(database, key, name)), rows, name)


def rendered(database: psycopg.Connection[Any], key: str, name: str) -> Iterator[bytes]:
    """Yield lines in COPY's text format: backslashes are doubled."""
    with database.cursor().copy(f"COPY ({query_of(name)}) TO STDOUT", [key]) as copy:
        yield from map(bytes, copy)


def check_count(found: int, rows: int, name: str) -> None:
    if found != rows:
        raise BenchmarkFailed(f"{name}: {found} of {rows} lines came.")


def growth(pid: int, deed: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    """Give by how many MiB a process's memory rose at its highest while the deed was done."""
    process = Path(f"/proc/{pid}")
    before = _status(process, "VmRSS")
    (process / "clear_refs").write_text(RESET_PEAK)
    deed(*args, **kwargs)
    return (_status(process, "VmHWM") - before) / MIB


def _status(process: Path, name: str) -> int:
    _, _, after = (process / "status").read_text().partition(f"{name}:")
    return int(after.split()[0]) * 1024
