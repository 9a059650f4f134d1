"""Which datasets name an evaluation set, so that it stays."""

from collections.abc import Iterable

from datasets.models import Dataset
from evalsets.models import EvalSet


def datasets_naming(evalset: EvalSet) -> Iterable[str]:
    """Give the keys of the datasets that were built without what stands in the set."""
    named = {"recipe__decontaminate__against__contains": [{"eval_set": evalset.key}]}
    return Dataset.objects.existing().filter(**named).values_list("key", flat=True)
