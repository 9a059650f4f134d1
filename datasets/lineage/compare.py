"""What two datasets differ in: the traces that are in them, and what describes each."""

from collections.abc import Generator
from contextlib import closing
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from datasets.export.reading import DatasetCutShort, copied
from datasets.models import Dataset
from datasets.recipe.differences import differing
from tunix_site.api.pieces import in_pieces

BOTH = """
    (SELECT trace_id, split, position FROM datasets_datasetitem WHERE dataset_id = %s) AS base
    FULL JOIN
    (SELECT trace_id, split, position FROM datasets_datasetitem WHERE dataset_id = %s) AS other
    USING (trace_id)
"""
CHANGES = {
    "added": "base.split IS NULL",
    "removed": "other.split IS NULL",
    "moved": "base.split <> other.split",
}
COUNTED = f"""
    SELECT {", ".join(f"count(*) FILTER (WHERE {change})" for change in CHANGES.values())},
           count(base.split), count(other.split)
    FROM {BOTH}
"""  # noqa: S608


class Comparison(NamedTuple):
    """How many rows were changed in which way, and the values that differ, base and other."""

    counts: dict[str, int]
    recipe: dict[str, list[Any]]
    stats: dict[str, list[Any]]


def compare(base: Dataset, other: Dataset) -> Comparison:
    """Reads each item of both once; DatasetCutShort where one is deleted meanwhile."""
    return Comparison(
        counts=count_changes(base, other),
        recipe=_pairs(*(msgspec.to_builtins(one.recipe) for one in (base, other))),
        stats=_pairs(base.stats, other.stats),
    )


def count_changes(base: Dataset, other: Dataset) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, [base.pk, other.pk])
        *counts, of_base, of_other = cursor.fetchone()
    for dataset, count in ((base, of_base), (other, of_other)):
        if count != dataset.trace_count:
            raise DatasetCutShort(f"Dataset {dataset.key} not found: it was just deleted.")
    return dict(zip(CHANGES, counts, strict=True))


def changed_lines(base: Dataset, other: Dataset, change: str) -> Generator[bytes]:
    """Yield what was changed in a way, in order, a JSON object a line, in larger pieces."""
    expected = count_changes(base, other)[change]
    query = f"""
        SELECT trace_id, base.split, other.split FROM {BOTH} WHERE {CHANGES[change]}
        ORDER BY coalesce(other.position, base.position)
    """  # noqa: S608
    with closing(copied(query, [base.pk, other.pk], expected, indexed=False)) as rows:
        yield from in_pieces(_line(*row) for row in rows)


def _line(trace: str, base: str | None, other: str | None) -> bytes:
    return msgspec.json.encode({"trace": trace, "base": base, "other": other}) + b"\n"


def _pairs(base: dict[str, Any], other: dict[str, Any]) -> dict[str, list[Any]]:
    """Give the values of the keys that differ; null where a dataset is older than the key."""
    return {key: [base.get(key), other.get(key)] for key in differing(base, other)}
