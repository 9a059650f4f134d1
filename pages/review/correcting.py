"""Correcting a trace: its texts as they are sent, and what is sent back."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from pages.review.answers import page_of
from pages.review.finding import trace_with
from pages.review.place import Place
from pages.review.queued import next_of
from pages.review.sent import correction_sent
from pages.shared.page import PageView
from traces.finding.queues import find_queue
from traces.services.curation import correct_trace
from tunix_site.admin_base.recording import actor_of
from tunix_site.api.idempotency import done_once
from tunix_site.models import Role


class CorrectView(PageView):
    """A correction; the answer is the next trace of the queue, or else the corrected one."""

    role = Role.CURATOR

    def get(self, request: HttpRequest, trace: str, queue: str = "") -> HttpResponse:
        context = {"trace": trace_with(trace)}
        html = render_to_string("pages/review/correction.html", context, request)
        return JsonResponse({"html": html})

    def post(self, request: HttpRequest, trace: str, queue: str = "") -> HttpResponse:
        found, by = trace_with(trace), actor_of(request)
        sent = correction_sent(request.POST, found)

        def corrected() -> dict[str, str]:
            made = correct_trace(trace=found, by=by, **sent.to_arguments(by))
            return {"trace": str(made.pk)}

        done = done_once(request, corrected)
        if queue:
            return next_of(request, find_queue(int(queue)))
        return page_of(request, trace_with(done["trace"]), Place(), words="Corrected: a new trace")
