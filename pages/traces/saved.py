"""Filters that are kept, as the list offers them."""

from typing import Any

from django.urls import reverse

from pages.shared.asked import address_with, texts_of
from pages.shared.long_filters import is_long
from traces.curation.queues import SavedFilter
from traces.finding.queues import filters_of

MAX_SHOWN = 100  # of one's own, and of the team


def shown_to(user: Any) -> dict[str, Any]:
    """Give the filters that a person may use, with the addresses of their lists; one's own first.

    `most` is how many of each kind, where there are more. Two queries.
    """
    found = [
        list(filters_of(user).filter(team=team).order_by("name")[: MAX_SHOWN + 1])
        for team in (False, True)
    ]
    return {
        "rows": [
            {"kept": kept, "address": _address(kept), "is_own": kept.owner_id == user.pk}
            for some in found
            for kept in some[:MAX_SHOWN]
        ],
        "most": MAX_SHOWN if any(len(some) > MAX_SHOWN for some in found) else None,
    }


def _address(kept: SavedFilter) -> str:
    texts = texts_of(kept.where)
    if is_long(texts):
        return reverse("traces-filter", args=[kept.pk])
    return reverse("traces") + address_with(texts)
