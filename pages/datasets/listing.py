"""The datasets as their list shows them: a page of them, the newest first."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform

from datasets.models import LARGE_FIELDS, Dataset
from pages.shared.asked import Asked, called
from pages.shared.keyset import From, Page, page_from

COUNTS = "split_counts"


def page_of(asked: Asked, start: From) -> Page[Any]:
    """Give a page of those whose name or key holds what was asked for; one query, of no recipe."""
    return page_from(_matching(asked), start)


def _matching(asked: Asked) -> QuerySet[Dataset]:
    shown = {"split_counts": KeyTransform(COUNTS, "stats")}
    datasets = Dataset.objects.existing().filter(called(asked)).annotate(**shown)
    return datasets.select_related("created_by").defer("recipe", *LARGE_FIELDS)
