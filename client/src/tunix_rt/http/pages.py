"""Lists of any length, read a page at a time."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tunix_rt.http.transport import Transport

PAGE_ROWS = 100  # the most that the site gives at once


def rows(
    transport: Transport, path: str, filters: Mapping[str, Any], limit: int | None = None
) -> Iterator[Any]:
    """Yield the rows of a list, `limit` at most, asking for a page when its first row is drawn.

    Of the address of the next page the cursor alone is taken, so that the key goes nowhere else.
    """
    cursor: str | None = None
    while limit is None or limit > 0:
        size = PAGE_ROWS if limit is None else min(limit, PAGE_ROWS)
        page = transport.get(path, {**filters, "limit": size, "cursor": cursor})
        yield from page["results"]
        if not page["next"]:
            return
        [cursor] = parse_qs(urlsplit(page["next"]).query)["cursor"]
        if limit is not None:
            limit -= size


def count(transport: Transport, path: str, filters: Mapping[str, Any]) -> int:
    """Count all that match."""
    page = transport.get(path, {**filters, "limit": 1, "count": True})
    total: int = page["count"]
    return total


def with_meta(filters: Mapping[str, Any], meta: Mapping[str, Any] | None) -> dict[str, Any]:
    """Name the meta keys as the site's filters do."""
    return {**filters, **{f"meta.{key}": value for key, value in (meta or {}).items()}}
