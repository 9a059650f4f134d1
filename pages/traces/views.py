"""The list of traces, which also answers those of its forms that are refused."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pages.shared.asked import Asked, chips_of
from pages.shared.calls import command
from pages.shared.keyset import From, Page
from pages.shared.long_filters import named
from pages.shared.page import SitePage
from pages.shared.refusals import refusable
from pages.traces import counting, panel
from pages.traces.asked import MOST_OF_PAGE, OF_PAGE, AskedOfTraces, asked_by, settled, tidied
from pages.traces.choices import choices
from pages.traces.columns.known import columns_named, offered
from pages.traces.columns.reading import with_cells
from pages.traces.elsewhere import begun_elsewhere
from pages.traces.listing import named_by, page_of_traces
from pages.traces.saved import shown_to
from traces.finding.columns import chosen_by
from traces.scorers.named import every_criteria

Row = dict[str, Any]
NO_CALL = "The filter is too long for an address. Changes, queues and datasets take it as `where`:"
SOONER = "Other filters, or fewer words, may be found sooner."


class TracesPage(SitePage):
    """The list, newest first; a form of it is sent to an address with the same query."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Go to the list: a form's own address is no page to come back to."""
        query = request.GET.urlencode()
        return HttpResponseRedirect(reverse("traces") + (query and f"?{query}"))

    def refused(self, request: HttpRequest, reason: str, *, status: int) -> HttpResponse:
        """Show the list as it was, with what was sent and why it is refused."""
        messages.error(request, reason)
        return self.listed(request, status=status)

    def listed(self, request: HttpRequest, *, status: int = 200) -> HttpResponse:
        asked, start = asked_by(request.GET), From.asked(request.GET)
        named, page, problem = _found(asked, start)
        columns, common = columns_named(chosen_by(request.user)), choices()
        context = {
            "asked": asked,
            "page": page,
            "rows": with_cells(page.rows, columns),
            "columns": columns,
            "ticked": request.POST.getlist("columns") or [one.name for one in columns],
            "offered": offered((one.value for one in common["criteria"]), columns),
            "problem": problem,
            "named": named,
            "sent": request.POST,
            "chosen": request.POST.getlist("chosen"),
            "criteria_here": every_criteria() if self.may_judge else (),
            "count": _count(request, asked, page, problem),
            "chips": chips_of(asked, panel.label_of),
            "groups": panel.groups(asked, common),
            "unlisted": panel.unlisted(asked),
            "is_open": bool(asked.wrong) or "panel" in request.GET,
            "saved": shown_to(request.user),
            "api_call": _api_call(request, asked),
            "elsewhere": begun_elsewhere(asked, by=request.user),
        }
        return self.show(request, "pages/traces/list.html", context, title="Traces", status=status)


class TracesView(TracesPage):
    """The list itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if (tidy := tidied(request.GET)) is not None:
            return HttpResponseRedirect(request.path + tidy)
        if (address := settled(request.GET, by=request.user)) is not None:
            return HttpResponseRedirect(request.path + address)
        return self.listed(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Go to the list with the filters that were sent."""
        asked = asked_by(request.POST)
        more = {name: request.POST[name][:MOST_OF_PAGE] for name in OF_PAGE if name in request.POST}
        with refusable() as refused:
            address = named(asked.every_text, by=request.user, **more)
            return HttpResponseRedirect(reverse("traces") + address)
        return self.refused(request, refused.text, status=refused.status)


def _api_call(request: HttpRequest, asked: AskedOfTraces) -> str:
    if asked.kept:
        return f"{NO_CALL}\n\n{asked.where_json}"
    return command(request.build_absolute_uri("/api/traces" + (asked.query and f"?{asked.query}")))


def _found(asked: Asked, start: From) -> tuple[list[Row], Page[Row], str]:
    """Read what a text names and a page; no page and the reason where that takes too long."""
    named: list[Row] = []
    with refusable() as refused:
        if "q" in asked.texts and not start.row:
            named = named_by(asked.texts["q"])
        return named, page_of_traces(asked.values, start), ""
    return named, Page([]), f"{refused.text} {SOONER}"


def _count(request: HttpRequest, asked: Asked, page: Page[Row], problem: str) -> dict[str, Any]:
    """Say how many match: exactly where all are shown, or that was asked for and is counted."""
    if page.is_all and not problem:
        return {"said": f"{len(page.rows):,}", "is_exact": True}
    expected = {"said": counting.about(counting.expected(asked.values)), "is_exact": False}
    if "count" not in request.GET or problem:
        return expected
    with refusable() as refused:
        return {"said": f"{counting.exactly(asked.values):,}", "is_exact": True}
    return {**expected, "problem": refused.text}
