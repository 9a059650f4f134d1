"""Datasets of all rows, against INSERT ... SELECT of the same items, which holds their traces."""

from collections.abc import Iterator
from itertools import count

from benchmarks.baseline import bare_connection, empty, empty_copy
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed
from benchmarks.timing import medians, seconds_of
from datasets.models import Dataset, DatasetItem
from datasets.recipe.recipe import Recipe
from datasets.services.build import BuildRequest, build_dataset
from datasets.services.holding import HELD
from events import actors

SELECTED = {
    "selection_strategy": "random",
    "seed": 1,
    "splits": {"train": 0.9, "validation": 0.1},
}

_versions = count(1)


def measure(*, rows: int, rounds: int) -> Iterator[Result]:
    with (
        bare_connection() as database,
        empty_copy(database, DatasetItem) as copy,
    ):
        insert = f"""
            BEGIN;
            INSERT INTO {copy} (dataset_id, position, trace_id, split, parts, review_id)
            SELECT 1, row_number() OVER (ORDER BY rank, id) - 1, id,
                CASE WHEN bits < 0.9 * 2::float8 ^ 52 THEN 'train' ELSE 'validation' END, parts,
                (SELECT max(id) FROM traces_review AS review WHERE review.trace_id = chosen.id)
            FROM (
                SELECT id, parts, sha256(convert_to('order:1:' || content_hash, 'UTF8')) AS rank,
                    ('x' || left(encode(sha256(convert_to('split:1:' || prompt_hash, 'UTF8')),
                    'hex'), 13))::bit(52)::bigint AS bits
                FROM traces_trace
            ) AS chosen;
            {HELD};
            COMMIT
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
        required=0.60,
        hoped=0.80,
    )


def build(rows: int) -> str:
    """Build a dataset of `rows` traces, at random and in splits, as a worker does; give its key."""
    recipe = Recipe.read({"limit": rows, **SELECTED})
    request = BuildRequest(name="benchmark", version=str(next(_versions)), recipe=recipe)
    built, _ = build_dataset(request=request, by=actors.command())
    if built.trace_count != rows:
        raise BenchmarkFailed(f"{built.trace_count} of {rows} rows were chosen.")
    return built.key
