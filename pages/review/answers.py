"""What is answered to a form: the page to go to, or to the module what to show next."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from pages.review import shown
from pages.review.place import Place, urls_of
from pages.shared.page import wants_json
from traces.curation.queues import Queue
from traces.models import Trace


def page_of(
    request: HttpRequest, trace: Trace, place: Place, *, words: str = "", notice: str = ""
) -> HttpResponse:
    """Give the page of a trace, as it is now, to a curator."""
    url = place.urls_of(trace)["trace"]
    if not wants_json(request):
        return HttpResponseRedirect(url)
    may_judge = not place.is_read_alone
    context = shown.context_of(trace, place, user=request.user, may_judge=may_judge)
    claim = place.claim.pk if place.claim else None
    told = {"trace": str(trace.pk), "claim": claim, "url": url, "words": words}
    return _answer(request, "pages/review/main.html", {**context, "notice": notice}, **told)


def nothing_left(request: HttpRequest, queue: Queue, *, why: str = "") -> HttpResponse:
    """Say that nothing of a queue is left for a person; `why` where they may take no more of it."""
    context = {
        "title": queue.name,
        "queue": queue,
        "urls": urls_of(queue),
        "left": f"{queue.left_count:,}",
        "may_judge": True,
        "why": why,
    }
    url = reverse("review-queues") if why else reverse("review-queue", args=[queue.pk])
    if wants_json(request):
        return _answer(request, "pages/review/nothing.html", context, trace=None, url=url)
    if request.method == "POST":
        if why:
            messages.warning(request, f"{queue.name}: {why}")
        return HttpResponseRedirect(url)
    return render(
        request, "pages/review/page.html", {**context, "main": "pages/review/nothing.html"}
    )


def _answer(
    request: HttpRequest, template: str, context: dict[str, Any], **more: Any
) -> JsonResponse:
    html = render_to_string(template, context, request)
    shown = {"html": html, "title": context["title"], "left": context.get("left")}
    return JsonResponse({**shown, **more})


def refused_login(form: BaseForm) -> HttpResponse:
    reasons = [str(reason) for reasons in form.errors.values() for reason in reasons]
    return JsonResponse({"detail": " ".join(reasons)}, status=400)
