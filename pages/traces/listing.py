"""A page of the list of traces: newest first, from a trace on or back from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from traces.finding import search
from traces.finding.filters import matching, newest_first
from traces.finding.matches import newest_matches
from traces.finding.pages import page_rows
from traces.models import Trace

ROWS = 50
MAX_NAMED = 5


@dataclass(frozen=True)
class Page:
    """Some rows of the list, and which traces the pages beside begin from."""

    rows: list[dict[str, Any]]
    newer: UUID | None
    older: UUID | None

    @property
    def is_all(self) -> bool:
        return self.newer is None and self.older is None


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
    """Read a page; its cost is the same at any depth."""
    if "q" in filters:
        with search.within_time():
            rows = _found(filters, start)
    else:
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


def _found(filters: dict[str, Any], start: From) -> list[dict[str, Any]]:
    """Read what holds the words, the next first."""
    if start.back:
        newer = matching(filters).filter(pk__gt=start.trace)
        return list(newer.order_by("pk").previews()[: ROWS + 1])
    others = {name: value for name, value in filters.items() if name != "q"}
    found = newest_matches(filters["q"], newest_first(others), until=start.trace, limit=ROWS + 2)
    chosen = [identity for identity in found if identity != start.trace][: ROWS + 1]
    return list(Trace.objects.filter(pk__in=chosen).order_by("-pk").previews())


def named_by(text: str) -> list[dict[str, Any]]:
    """Find the traces that a text names by id or external id, rather than by words."""
    text = text.strip()
    found = {trace.pk for trace in Trace.objects.with_id(text)}
    others = Trace.objects.filter(external_id=text).values_list("pk", flat=True)
    chosen = [*found, *others[:MAX_NAMED]]
    return list(Trace.objects.filter(pk__in=chosen).order_by("-pk").previews()) if chosen else []
