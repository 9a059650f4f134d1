"""The page of one trace, and what its forms send."""

import json
from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from pages.review.beside import datasets_of
from pages.review.finding import start_of, trace_with
from pages.review.sent import judged, still_expected, tags_sent
from pages.shared.asked import Asked
from pages.shared.page import SitePage, wants_json
from pages.shared.refusals import Refusal, refusable
from pages.shared.tags import tag_lines
from pages.traces.asked import asked_by
from pages.traces.opened import TABS, beside_in, context_of
from traces.querysets import PREVIEW_CHARS
from traces.services.curation import curate_trace, delete_trace
from tunix_site.admin_base.recording import actor_of
from tunix_site.errors import Conflict
from tunix_site.models import Role

OF_PAGE = ("tab", "from")


class TracePage(SitePage):
    """A trace with its tabs; the address has the filter within which it was opened."""

    def get(self, request: HttpRequest, trace: str) -> HttpResponse:
        """Go to the trace: a form's own address is no page to come back to."""
        return back_to(request, trace)

    def refused(self, request: HttpRequest, trace: str, refusal: Refusal) -> HttpResponse:
        """Show the trace as it is by now, with what was sent and why it is refused."""
        messages.error(request, refusal.text)
        expected = still_expected(request.POST, refusal)
        return self.opened(request, trace, expected=expected, status=refusal.status)

    def opened(
        self,
        request: HttpRequest,
        trace: str,
        *,
        tab: str = "trace",
        expected: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Show the trace; its forms expect what is shown, unless something else is given."""
        found, asked = trace_with(trace), _asked(request)
        more = context_of(
            found,
            tab,
            user=request.user,
            may_judge=self.may_judge,
            start=start_of(request, found),
        )
        context = {
            **more,
            "trace": found,
            "tab": tab,
            "tabs": [(name, title, asked.address(tab=name)) for name, title in TABS.items()],
            "asked": asked,
            "beside": beside_in(asked, found),
            "note": request.POST.get("note", ""),
            "tags": request.POST.get("tags", tag_lines(found.tags)),
            "expected_status": found.status,
            "expected_tags": json.dumps(found.tags),
            **(expected or {}),
        }
        title = f"Trace {found.pk}"
        return self.show(request, "pages/traces/trace.html", context, title=title, status=status)


class TraceView(TracePage):
    """The page itself."""

    def get(self, request: HttpRequest, trace: str) -> HttpResponse:
        tab = request.GET.get("tab", "")
        return self.opened(request, trace, tab=tab if tab in TABS else "trace")


class VerdictView(TracePage):
    """A verdict on a trace, from its page or from the list's script."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, trace: str) -> HttpResponse:
        found = trace_with(trace)
        if wants_json(request):
            judged(request, found)
            return JsonResponse({"status": trace_with(trace).status})
        with refusable() as refused:
            verdict = judged(request, found)
        if refused:
            return self.refused(request, trace, refused)
        messages.success(request, f"Your verdict: {verdict.status}.")
        return back_to(request, trace)


class TagsView(TracePage):
    """Other tags for a trace."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, trace: str) -> HttpResponse:
        found = trace_with(trace)
        with refusable() as refused:
            curate_trace(trace=found, by=actor_of(request), **tags_sent(request.POST))
        if refused:
            return self.refused(request, trace, refused)
        messages.success(request, "The tags are changed.")
        return back_to(request, trace)


class DeletionView(TracePage):
    """Asks whether a trace shall be deleted, says what holds it, and deletes it."""

    role = Role.CURATOR

    def get(self, request: HttpRequest, trace: str) -> HttpResponse:
        return self.ask(request, trace)

    def post(self, request: HttpRequest, trace: str) -> HttpResponse:
        with refusable(Conflict) as refused:
            delete_trace(trace=trace_with(trace), by=actor_of(request))
        if refused:
            return self.ask(request, trace, refused.text, status=refused.status)
        messages.success(request, f"Trace {trace} is deleted.")
        return HttpResponseRedirect(reverse("traces") + _asked(request).suffix)

    def ask(
        self, request: HttpRequest, trace: str, problem: str = "", *, status: int = 200
    ) -> HttpResponse:
        found = trace_with(trace)
        context = {
            "trace": found,
            "preview": found.prompt[:PREVIEW_CHARS],
            "datasets": datasets_of(found),
            "asked": _asked(request),
            "problem": problem,
        }
        template = "pages/traces/delete.html"
        return self.show(request, template, context, title="Delete this trace?", status=status)


def back_to(request: HttpRequest, trace: str) -> HttpResponse:
    """Go back to the trace, within the same filter."""
    return HttpResponseRedirect(reverse("traces-trace", args=[trace]) + _asked(request).suffix)


def _asked(request: HttpRequest) -> Asked:
    query = request.GET.copy()
    for name in OF_PAGE:
        query.pop(name, None)
    return asked_by(query)
