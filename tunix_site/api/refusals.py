"""Refusals outside the API's views: a page for people, JSON for programs."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tunix_site.api.error_responses import error_answer


def refusal(
    request: HttpRequest, status_code: int, detail: str, *, wait: int | None = None
) -> HttpResponse:
    """Answer a page where `Accept` names HTML, else JSON; `wait` is in seconds."""
    if "text/html" in request.headers.get("Accept", ""):
        shown = {"title": HTTPStatus(status_code).phrase, "detail": detail}
        # without the request: what adds to a page would ask for its host, session and user
        response = render(None, "tunix_site/refusal.html", shown, status=status_code)
    else:
        response = error_answer(request, status_code, detail)
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response
