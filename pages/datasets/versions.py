"""The other versions of a dataset, and what it has otherwise than one of them."""

from typing import Any, NamedTuple

import msgspec
from django.http import QueryDict

from datasets.lineage.compare import compare
from datasets.lookup import dataset_by
from datasets.models import LARGE_FIELDS, Dataset
from pages.shared.refusals import refusable
from tunix_site.database.patience import patience
from tunix_site.errors import Unavailable

MOST_LISTED = 20
MOST_COMPARED = 50_000  # traces of the larger one, without being asked
SECONDS = 10.0


class Changes(NamedTuple):
    """The rows that a dataset has otherwise than its base, and the recipe's keys that differ."""

    base: Dataset
    added: int
    removed: int
    moved: int
    kept: int
    recipe: dict[str, list[str]]


class Versions(NamedTuple):
    """Datasets of the same name, the newest first; `changes` are against one of them.

    `problem` says why they cannot be told.
    """

    others: list[Dataset]
    changes: Changes | None = None
    problem: str = ""


def versions_of(dataset: Dataset, query: QueryDict) -> Versions:
    """Compare with the one that is asked for, else with the version before, where both are small.

    NotFound where what is asked for is not there.
    """
    same = Dataset.objects.existing().filter(name=dataset.name).exclude(pk=dataset.pk)
    others = [*same.order_by("-pk").defer("recipe", *LARGE_FIELDS)[:MOST_LISTED]]
    if asked := query.get("compare", ""):
        return _compared(others, dataset_by(asked), dataset)
    base = next((one for one in others if one.pk < dataset.pk), None)
    if base is None or max(base.trace_count, dataset.trace_count) > MOST_COMPARED:
        return Versions(others)
    return _compared(others, base, dataset)


def _compared(others: list[Dataset], base: Dataset, dataset: Dataset) -> Versions:
    with refusable(Unavailable) as refused:
        return Versions(others, _changes(base, dataset))
    return Versions(others, problem=f"Against {base.key}: {refused.text}")


def _changes(base: Dataset, dataset: Dataset) -> Changes:
    with patience(SECONDS):
        found = compare(base, dataset)
    added, removed, moved = (found.counts[name] for name in ("added", "removed", "moved"))
    kept = dataset.trace_count - added - moved
    recipe = {name: [*map(_in_words, values)] for name, values in found.recipe.items()}
    return Changes(base, added, removed, moved, kept, recipe)


def _in_words(value: Any) -> str:
    if value in (None, {}):
        return "none"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
