"""A page of the list of traces: newest first, from a trace on or back from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from traces.finding.pages import page_rows

ROWS = 50


@dataclass(frozen=True)
class Page:
    """Some rows of the list, and which traces the pages beside begin from."""

    rows: list[dict[str, Any]]
    newer: UUID | None
    older: UUID | None


@dataclass(frozen=True)
class From:
    """Where a page begins: behind a trace or, back, before it; without one with the newest."""

    trace: UUID | None = None
    back: bool = False

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> "From":
        """Read `before` (older than a trace) or `after` (newer); what is no id is none."""
        for name, back in (("before", False), ("after", True)):
            try:
                return cls(UUID(query[name]), back)
            except (KeyError, ValueError):
                continue
        return cls()


def page_of(filters: dict[str, Any], start: From) -> Page:
    """Read a page; one query, whose cost is the same at any depth."""
    rows = page_rows(filters, there=start.trace, back=start.back, limit=ROWS + 1)
    more, rows = len(rows) > ROWS, rows[:ROWS]
    if start.back:
        rows.reverse()
    first, last = (rows[0]["id"], rows[-1]["id"]) if rows else (None, None)
    return Page(
        rows=rows,
        newer=first if (more if start.back else start.trace) else None,
        older=last if (start.trace if start.back else more) else None,
    )
