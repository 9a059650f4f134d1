"""The datasets as their list shows them: a page of them, the newest first."""

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform

from datasets.models import LARGE_FIELDS, Dataset
from pages.shared.keyset import From, Page, page_from

COUNTS = "split_counts"


def page_of(asked: str, start: From) -> Page[Any]:
    """Give a page of those whose name or key holds what was asked for; one query, of no recipe."""
    return page_from(_matching(asked), start)


def _matching(asked: str) -> QuerySet[Dataset]:
    named = Q(name__icontains=asked) | Q(key__icontains=asked) if asked else Q()
    shown = {"split_counts": KeyTransform(COUNTS, "stats")}
    datasets = Dataset.objects.existing().filter(named).annotate(**shown)
    return datasets.select_related("created_by").defer("recipe", *LARGE_FIELDS)
