"""The datasets as their list shows them: a page of them, the newest first."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import QueryDict

from datasets.models import LARGE_FIELDS, Dataset

ROWS = 50
MAX_SEARCH_CHARS = 200
LARGEST_ID = 2**63 - 1
COUNTS = "split_counts"


@dataclass(frozen=True)
class Page:
    """Rows, and behind which of them the pages beside begin; none where there is none."""

    rows: list[Any]
    asked: str
    newer: int | None
    older: int | None


def page_of(query: QueryDict) -> Page:
    """Give the page that an address names; one query, which reads no recipe."""
    asked = query.get("q", "")[:MAX_SEARCH_CHARS].replace("\0", "")
    before, after = _place(query.get("before", "")), _place(query.get("after", ""))
    found = _matching(asked)
    if after is not None:
        rows = [*found.filter(pk__gt=after).order_by("pk")[: ROWS + 1]]
        more, rows = len(rows) > ROWS, rows[:ROWS][::-1]
        return Page(rows, asked, _first(rows) if more else None, _last(rows))
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = [*found.order_by("-pk")[: ROWS + 1]]
    more, rows = len(rows) > ROWS, rows[:ROWS]
    return Page(
        rows, asked, None if before is None else _first(rows), _last(rows) if more else None
    )


def _matching(asked: str) -> QuerySet[Dataset]:
    """Give the datasets whose name or key holds what was asked for."""
    named = Q(name__icontains=asked) | Q(key__icontains=asked) if asked else Q()
    shown = {"split_counts": KeyTransform(COUNTS, "stats")}
    datasets = Dataset.objects.existing().filter(named).annotate(**shown)
    return datasets.select_related("created_by").defer("recipe", *LARGE_FIELDS)


def _place(text: str) -> int | None:
    """Read the id of a row; none of what is no id."""
    told = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
    return told if told is not None and told <= LARGEST_ID else None


def _first(rows: list[Any]) -> int | None:
    return rows[0].pk if rows else None


def _last(rows: list[Any]) -> int | None:
    return rows[-1].pk if rows else None
