"""Datasets of all rows, against INSERT ... SELECT of the same items."""

import json
from collections.abc import Iterator
from itertools import count

from benchmarks.baseline import bare_connection, empty, empty_copy
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Connection, Site
from benchmarks.timing import medians, seconds_of
from datasets.models import Dataset, DatasetItem

_versions = count(1)


def measure(site: Site, *, rows: int, rounds: int) -> Iterator[Result]:
    with (
        site.connection() as http,
        bare_connection() as database,
        empty_copy(database, DatasetItem) as copy,
    ):
        insert = f"""
            INSERT INTO {copy} (dataset_id, position, trace_id, split)
            SELECT 1, row_number() OVER (ORDER BY id DESC) - 1, id, '' FROM traces_trace
        """

        def both_ways() -> tuple[float, float]:
            empty(database, copy, Dataset._meta.db_table, DatasetItem._meta.db_table)
            inserting = seconds_of(database.execute, insert)
            return seconds_of(build, http, rows), inserting

        building, inserting = medians(rounds, both_ways)
    yield Result(
        name=f"build of a dataset of {rows:,}",
        kind="share",
        measured=rows / building,
        unit="rows/s",
        baseline=rows / inserting,
        against="INSERT ... SELECT",
    )


def build(http: Connection, rows: int) -> str:
    """Build a dataset of the newest `rows` traces; give its key."""
    request = {
        "dataset_name": "benchmark",
        "dataset_version": str(next(_versions)),
        "limit": rows,
    }
    built = json.loads(http.post("/api/datasets/build", json.dumps(request).encode()))
    if built["trace_count"] != rows:
        raise BenchmarkFailed(f"{built['trace_count']} of {rows} rows were chosen.")
    key: str = built["dataset_key"]
    return key
