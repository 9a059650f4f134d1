"""A page of the list of traces: newest first, from a trace on or back from it."""

from operator import itemgetter
from typing import Any

from pages.shared.keyset import ROWS, From, Page, page_of
from traces.finding.filters import newest_first
from traces.finding.matches import newest_matches
from traces.finding.pages import page_rows
from traces.models import Trace
from tunix_site.database.patience import patience

MAX_NAMED = 5
SECONDS = 10.0  # of a statement


def page_of_traces(filters: dict[str, Any], start: From) -> Page[dict[str, Any]]:
    """Read a page; its cost is the same at any depth. Unavailable where it takes too long."""
    with patience(SECONDS):
        if "q" in filters:
            rows = _found(filters, start)
        else:
            rows = page_rows(filters, there=start.row, back=start.back, limit=ROWS + 1)
    return page_of(rows, start, id_of=itemgetter("id"))


def _found(filters: dict[str, Any], start: From) -> list[dict[str, Any]]:
    """Read what holds the words, the next first."""
    if start.back:
        return page_rows(filters, there=start.row, back=True, limit=ROWS + 1)
    others = {name: value for name, value in filters.items() if name != "q"}
    found = newest_matches(filters["q"], newest_first(others), until=start.row, limit=ROWS + 2)
    chosen = [identity for identity in found if identity != start.row][: ROWS + 1]
    return list(Trace.objects.filter(pk__in=chosen).order_by("-pk").previews())


def named_by(text: str) -> list[dict[str, Any]]:
    """Find the traces that a text names by id or external id, rather than by words."""
    text = text.strip()
    found = {trace.pk for trace in Trace.objects.with_id(text)}
    others = Trace.objects.filter(external_id=text).values_list("pk", flat=True)
    with patience(SECONDS):
        chosen = [*found, *others[:MAX_NAMED]]
    return list(Trace.objects.filter(pk__in=chosen).order_by("-pk").previews()) if chosen else []
