"""What happens around every request."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from rest_framework.exceptions import APIException

from tunix_site import __version__
from tunix_site.access.addresses import address_of
from tunix_site.api.error_responses import trouble_answer
from tunix_site.api.refusals import refusal
from tunix_site.errors import TooLarge, text_of
from tunix_site.logs import request_id, route_of
from tunix_site.serving import metrics

log = logging.getLogger("tunix_site.requests")

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_ID_HEADER = "X-Request-ID"
VERSION_HEADER = "X-Tunix-Version"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestLogMiddleware:
    """Give each request an id, and write one line and one measurement about it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        identity = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(identity)
        request.id = identity  # type: ignore[attr-defined]  # for what Django logs after us
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            status = response.status_code
            method, route = metrics.known_method(request.method), route_of(request)
            metrics.observe_request(method, route, status, seconds)
            log.info(
                "%s %s %s",
                method,
                status,
                route,
                extra={
                    "request": request,
                    "method": method,
                    "status": status,
                    "milliseconds": round(seconds * 1000, 1),
                    "address": address_of(request),
                },
            )
        finally:
            request_id.reset(token)
        response[REQUEST_ID_HEADER] = identity
        response[VERSION_HEADER] = __version__
        return response


class FormMiddleware:
    """Refuse, before anything reads it, a body outside the API that is larger than any form.

    Whatever looks for the CSRF token in it would wait for it in a thread and keep its files on
    disk, whoever sends them. A view class that `takes_files` asks who that is before it reads.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        # of a chunked one it is more than any body may be
        is_large = int(request.META.get("CONTENT_LENGTH") or 0) > limit
        if is_large and not (request.path_info.startswith("/api/") or _takes_files(request)):
            detail = f"A form is at most {limit:,} bytes, and says its length."
            return refusal(request, TooLarge.status_code, detail)
        return self.get_response(request)


def _takes_files(request: HttpRequest) -> bool:
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return bool(getattr(getattr(view, "view_class", None), "takes_files", False))


class RefusalMiddleware:
    """Answer what a page outside the API refuses, such as a login for a while.

    So it is where the database is away or full.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, APIException):
            wait = getattr(error, "wait", None)
            return refusal(request, error.status_code, text_of(error.detail), wait=wait)
        return trouble_answer(request, error)
