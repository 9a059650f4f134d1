"""Filters that are kept, as the list offers them."""

from typing import Any

from pages.traces.asked import address_of
from traces.finding.queues import filters_of

MAX_SHOWN = 100


def shown_to(user: Any) -> list[dict[str, Any]]:
    """Give the filters that a person may use, with the addresses of their lists."""
    return [
        {"kept": kept, "address": address_of(kept.where), "is_own": kept.owner_id == user.pk}
        for kept in filters_of(user).order_by("team", "name")[:MAX_SHOWN]
    ]
