"""What is answered to a form: the page to go to, or to the module what to show next."""

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string

from pages.review import shown
from pages.review.page import wants_json
from traces.models import Trace


def page_of(request: HttpRequest, trace: Trace) -> HttpResponse:
    """Give the page of a trace, as it is now."""
    context = shown.context_of(trace, may_judge=True)
    url = context["urls"]["trace"]
    if not wants_json(request):
        return HttpResponseRedirect(url)
    html = render_to_string("pages/review/main.html", context, request)
    return JsonResponse({"html": html, "trace": str(trace.pk), "url": url})


def refused_login(form: BaseForm) -> HttpResponse:
    reasons = [str(reason) for reasons in form.errors.values() for reason in reasons]
    return JsonResponse({"detail": " ".join(reasons)}, status=400)
