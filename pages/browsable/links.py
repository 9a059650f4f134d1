"""Which values of an answer name something that the API shows, and where it is.

What people sent is kept as it came and can say anything: nothing in it is a link.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import NoReverseMatch, reverse

AS_SENT = frozenset(
    {
        *("payload", "meta", "messages", "original", "details", "provenance"),
        *("where", "filters", "before", "after", "evidence", "because"),
    }
)
TRACE, DATASET, EVALSET = "trace-detail", "dataset-detail", "evalset-detail"
BY_NAME = {
    **dict.fromkeys(("trace", "traces", "trace_id", "trace_ids", "chosen", "rejected"), TRACE),
    **dict.fromkeys(("dataset_key", "parent_dataset_id", "parent"), DATASET),
    "job": "job-detail",
    "queue": "queue-detail",
}
BY_OWNER = {  # whose `id` or `key` it is, by the name under which the object stands
    **dict.fromkeys(("trace", "traces", "best", "worst", "base", "other"), TRACE),
    "eval_set": EVALSET,
}
OWN_NAMES = ("id", "key")
ROWS = ("", "results")  # where the objects of the route itself stand
ADDRESSES = ("next", "previous")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBER = re.compile(r"[0-9]{1,18}")
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
PATTERNS = {TRACE: UUID, "job-detail": UUID, DATASET: KEY, EVALSET: KEY}
PLACE = "0"


@dataclass(frozen=True)
class Links:
    """Finds the address that a value names; `of_route` is the route of an object of the answer."""

    site: str  # the address of the site itself, as the request came to it
    of_route: str = ""
    is_root: bool = False  # whose values are all addresses

    def address(
        self, names: tuple[str, ...], value: object, beside: Mapping[str, Any]
    ) -> str | None:
        """Give the path of what a value names, by the names under which it stands."""
        is_named = isinstance(value, str | int) and not isinstance(value, bool)
        if not is_named or not names or not AS_SENT.isdisjoint(names):
            return None
        name, owner = names[-1], names[-2] if len(names) > 1 else ""
        if name in ADDRESSES or name.endswith("_url") or self.is_root:
            return self._on_this_site(str(value))
        return _path(self._route(name, owner, beside), str(value))

    def _route(self, name: str, owner: str, beside: Mapping[str, Any]) -> str:
        if name not in OWN_NAMES:
            return BY_NAME.get(name, "")
        if owner == "object":  # of an event
            return f"{beside.get('type')}-detail"
        return BY_OWNER.get(owner) or (self.of_route if owner in ROWS else "")

    def _on_this_site(self, value: str) -> str | None:
        if not value.startswith(self.site if self.is_root else f"{self.site}api/"):
            return None
        return "/" + value.removeprefix(self.site).lstrip("/")  # two of them would be a host


def _path(route: str, value: str) -> str | None:
    start = _start(route) if route else ""
    is_one = PATTERNS.get(route, NUMBER).fullmatch(value)
    return f"{start}{value}" if start and is_one else None


@cache
def _start(route: str) -> str:
    """Give the path before the id; empty where nothing is shown by its id."""
    try:
        return reverse(route, args=[PLACE]).removesuffix(PLACE)
    except NoReverseMatch:
        return ""
