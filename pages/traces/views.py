"""The list of traces, and what its forms send."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from rest_framework.exceptions import APIException

from pages.queues.making import queue_form
from pages.shared.asked import Asked
from pages.shared.calls import command
from pages.shared.keyset import From, Page
from pages.shared.page import SitePage
from pages.traces import counting, panel
from pages.traces.asked import asked_by, tidied
from pages.traces.choices import choices
from pages.traces.listing import named_by, page_of_traces
from pages.traces.saved import shown_to
from tunix_site.errors import text_of


class TracesView(SitePage):
    """The list, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if (tidy := tidied(request.GET)) is not None:
            return HttpResponseRedirect(request.path + tidy)
        asked, start = asked_by(request.GET), From.asked(request.GET)
        page, problem = _page(asked, start)
        context = {
            "asked": asked,
            "page": page,
            "problem": problem,
            "named": named_by(asked.texts["q"]) if "q" in asked.texts and not start.row else [],
            "count": _count(request, asked, page),
            "chips": _chips(asked),
            "groups": panel.groups(asked, choices()),
            "unlisted": panel.unlisted(asked),
            "is_open": bool(asked.wrong) or "panel" in request.GET,
            "saved": shown_to(request.user),
            "api_call": command(
                request.build_absolute_uri("/api/traces" + (asked.query and f"?{asked.query}"))
            ),
            "queue_form": queue_form(asked.where),
        }
        return self.show(request, "pages/traces/list.html", context, title="Traces")


def _page(asked: Asked, start: From) -> tuple[Page[dict[str, Any]], str]:
    """Read a page; none and the reason where a search takes too long."""
    try:
        return page_of_traces(asked.values, start), ""
    except APIException as error:
        return Page([]), text_of(error.detail)


def _count(request: HttpRequest, asked: Asked, page: Page[dict[str, Any]]) -> dict[str, Any]:
    """Say how many match: exactly where all are shown, or that was asked for."""
    if page.is_all:
        return {"said": f"{len(page.rows):,}", "is_exact": True}
    if "count" in request.GET:
        return {"said": f"{counting.exactly(asked.values):,}", "is_exact": True}
    return {"said": counting.about(counting.expected(asked.values)), "is_exact": False}


def _chips(asked: Asked) -> list[dict[str, str]]:
    return [
        {
            "label": panel.label_of(name),
            "text": text,
            "reason": asked.wrong[name].reason if name in asked.wrong else "",
            "without": asked.without(name),
        }
        for name, text in asked.every_text.items()
    ]
