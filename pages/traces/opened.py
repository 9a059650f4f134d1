"""One trace, opened: what each of its tabs shows, and the traces beside it within a filter."""

import json
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe

from pages.activity.of_object import changes_of
from pages.review import beside, shown
from pages.review.place import Place
from pages.shared.asked import Asked
from pages.shared.refusals import refusable
from pages.text.markdown import as_sent
from traces.finding.pages import page_rows
from traces.models import Trace
from traces.serializers.traces import TraceDetailSerializer
from tunix_site.api.renderers import JSONRenderer
from tunix_site.database.patience import patience
from tunix_site.errors import Unavailable

TABS = {
    "trace": "Trace",
    "attempts": "Attempts",
    "changes": "Reviews and changes",
    "datasets": "Datasets",
    "raw": "Raw JSON",
}
MAX_CHANGES = 50
SECONDS = 2.0  # of a statement that looks for the traces beside
MAX_RAW_CHARS = 200_000


def context_of(trace: Trace, tab: str, *, user: Any, may_judge: bool, start: int) -> dict[str, Any]:
    """Give what a tab takes; each has a few queries of its own."""
    if tab == "attempts":
        return {"attempts": beside.attempts_of(trace)}
    if tab == "changes":
        changes = trace.tag_changes.select_related("changed_by")[:MAX_CHANGES]
        told = changes_of("trace", trace.pk, user=user) if may_judge else None
        return {"reviews": beside.reviews_of(trace), "tag_changes": changes, "changes": told}
    if tab == "datasets":
        return {"datasets": beside.datasets_of(trace)}
    if tab == "raw":
        return {"raw": _raw(trace)}
    return shown.context_of(trace, Place(), user=user, may_judge=may_judge, start=start)


def beside_in(asked: Asked, trace: Trace) -> dict[str, Any]:
    """Give the next newer and the next older trace that match; None where there is none.

    Where to find them takes too long, the reason alone.
    """
    with refusable(Unavailable) as refused, patience(SECONDS):
        newer = _next(asked.values, trace, back=True)
        return {"newer": newer, "older": _next(asked.values, trace, back=False)}
    return {"problem": refused.text}


def _next(filters: dict[str, Any], trace: Trace, *, back: bool) -> UUID | None:
    rows = page_rows(filters, there=trace.pk, back=back, limit=1)
    return rows[0]["id"] if rows else None


def _raw(trace: Trace) -> SafeString:
    """Show what the API gives of a trace; the beginning, where that is long."""
    told = JSONRenderer().render(TraceDetailSerializer(trace).data)
    text = json.dumps(json.loads(told), indent=2, ensure_ascii=False)
    more = len(text) - MAX_RAW_CHARS
    cut = text[:MAX_RAW_CHARS] + (f"\n... and {more:,} characters" if more > 0 else "")
    return mark_safe(as_sent(cut))  # noqa: S308  # escaped there
