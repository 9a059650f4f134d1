"""Filters that are kept, as the list offers them."""

from typing import Any

from django.urls import reverse

from pages.shared.asked import address_with, texts_of
from pages.shared.long_filters import is_long
from traces.curation.queues import SavedFilter
from traces.finding.queues import filters_of

MAX_SHOWN = 100


def shown_to(user: Any) -> list[dict[str, Any]]:
    """Give the filters that a person may use, with the addresses of their lists."""
    return [
        {"kept": kept, "address": _address(kept), "is_own": kept.owner_id == user.pk}
        for kept in filters_of(user).order_by("team", "name")[:MAX_SHOWN]
    ]


def _address(kept: SavedFilter) -> str:
    texts = texts_of(kept.where)
    if is_long(texts):
        return reverse("traces-filter", args=[kept.pk])
    return reverse("traces") + address_with(texts)
