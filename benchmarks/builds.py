"""Datasets of all rows, against INSERT ... SELECT of the same items."""

from collections.abc import Iterator
from itertools import count

from benchmarks.baseline import bare_connection, empty, empty_copy
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed
from benchmarks.timing import medians, seconds_of
from datasets.models import Dataset, DatasetItem
from datasets.recipe.recipe import Recipe
from datasets.services.build import BuildRequest, build_dataset
from events import actors

_versions = count(1)


def measure(*, rows: int, rounds: int) -> Iterator[Result]:
    with (
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
            return seconds_of(build, rows), inserting

        building, inserting = medians(rounds, both_ways)
    yield Result(
        name=f"build of a dataset of {rows:,}",
        kind="share",
        measured=rows / building,
        unit="rows/s",
        baseline=rows / inserting,
        against="INSERT ... SELECT",
    )


def build(rows: int) -> str:
    """Build a dataset of the newest `rows` traces, as a worker does; give its key."""
    recipe = Recipe.read({"limit": rows})
    request = BuildRequest(name="benchmark", version=str(next(_versions)), recipe=recipe)
    built, _ = build_dataset(request=request, by=actors.command())
    if built.trace_count != rows:
        raise BenchmarkFailed(f"{built.trace_count} of {rows} rows were chosen.")
    return built.key
