"""The datasets that an evaluation set was held against."""

from itertools import islice
from typing import Any

from datasets.held_out.looked import datasets_looked_through
from datasets.held_out.named import datasets_naming
from datasets.models import Dataset
from evalsets.models import EvalSet
from pages.datasets.checks import Check

MOST_LISTED = 100


def dataset_keys() -> list[str]:
    """Name the datasets that there are, the newest."""
    keys = Dataset.objects.existing().order_by("-pk").values_list("key", flat=True)
    return [*keys[:MOST_LISTED]]


def checks_of(evalset: EvalSet, dataset: str, check: Check | None) -> dict[str, Any]:
    """Give what is told of datasets: without its questions, looked through, and to be chosen."""
    return {
        "evalset": evalset,
        "without": [*islice(datasets_naming(evalset), MOST_LISTED)],
        "looked": datasets_looked_through(evalset),
        "datasets": dataset_keys(),
        "dataset": dataset,
        "check": check,
    }
