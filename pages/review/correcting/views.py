"""Correcting a trace: its texts as they are sent, and what is sent back."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string

from pages.review.answers import page_of
from pages.review.beside import own_review_of
from pages.review.correcting.steps import fields_of
from pages.review.finding import trace_with
from pages.review.place import Place, claim_on
from pages.review.queued import behind_what_is_done
from pages.review.sent import EXPECTED, correction_sent
from pages.shared.lines import unix
from pages.shared.page import PageView, wants_json
from pages.shared.refusals import refusable
from traces.finding.queues import find_queue
from traces.models import Trace
from traces.services.curation import correct_trace
from tunix_site.admin_base.recording import actor_of
from tunix_site.api.idempotency import done_once
from tunix_site.models import Role


class CorrectView(PageView):
    """A correction; the answer is the next trace of the queue, or else the corrected one.

    The module asks for the fields alone; without it they are a page, which adds fields for steps.
    """

    role = Role.CURATOR

    def get(self, request: HttpRequest, trace: str, queue: str = "") -> HttpResponse:
        found = trace_with(trace)
        if not wants_json(request):
            return self.form(request, found, queue)
        context = {**_typed(found, QueryDict()), "is_of_module": True}
        html = render_to_string("pages/review/correction.html", context, request)
        return JsonResponse({"html": html})

    def post(self, request: HttpRequest, trace: str, queue: str = "") -> HttpResponse:
        found = trace_with(trace)
        if "add" in request.POST:
            return self.form(request, found, queue)
        if wants_json(request):
            return self.corrected(request, found, queue)
        with refusable() as refused:
            return self.corrected(request, found, queue)
        return self.form(request, found, queue, refused.text, refused.status)

    def corrected(self, request: HttpRequest, trace: Trace, queue: str) -> HttpResponse:
        by, sent = actor_of(request), correction_sent(request.POST, trace)

        def corrected() -> dict[str, str]:
            made = correct_trace(trace=trace, by=by, **sent.to_arguments(by))
            return {"trace": str(made.pk)}

        done = done_once(request, corrected)
        if queue:
            return behind_what_is_done(request, find_queue(int(queue)))
        return page_of(request, trace_with(done["trace"]), Place(), words="Corrected: a new trace")

    def form(
        self, request: HttpRequest, trace: Trace, queue: str, reason: str = "", status: int = 200
    ) -> HttpResponse:
        context = {
            **_typed(trace, request.POST),
            "urls": Place(find_queue(int(queue)) if queue else None).urls_of(trace),
            "expected": _expected(request, trace, queue),
            "note": unix(request.POST.get("note", "")),
            "reason": reason,
        }
        return render(request, "pages/review/correct.html", context, status=status)


def _typed(trace: Trace, form: QueryDict) -> dict[str, Any]:
    return {
        "trace": trace,
        "prompt": unix(form.get("prompt", trace.prompt)),
        "final_answer": unix(form.get("final_answer", trace.final_answer)),
        "steps": fields_of(trace, form),
        "added": form.get("add", ""),
    }


def _expected(request: HttpRequest, trace: Trace, queue: str) -> dict[str, Any]:
    """Give what the form expects to find: what the page showed that it was first on."""
    names = (*EXPECTED, "claim")
    if sent := {name: request.POST[name] for name in names if name in request.POST}:
        return sent
    if not queue:
        return {"expected_status": trace.status}
    claim = claim_on(trace, queue=int(queue), user=request.user)
    return {"claim": claim, "expected_review": own_review_of(trace, request.user) or ""}
