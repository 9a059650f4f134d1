"""What happens around every request."""

import contextlib
import logging
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tunix_site import metrics
from tunix_site.addresses import address_of
from tunix_site.error_answers import trouble_answer
from tunix_site.errors import TooMany, Unavailable
from tunix_site.logs import request_id, route_of
from tunix_site.refusals import refusal

log = logging.getLogger("tunix_site.requests")

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

DRAIN_BYTES = 128 * 1024**2
DRAIN_SECONDS = 10.0


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
        return response


class DrainMiddleware:
    """Read on a little after an early refusal, so that a client still sending sees the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
        if response.status_code >= 400 and has_body:
            self._drain(request)
        return response

    def _drain(self, request: HttpRequest) -> None:
        # a client that stalls or drips must not hold a thread
        connection = request.META.get("gunicorn.socket")
        deadline = threading.Timer(DRAIN_SECONDS, _stop_receiving, [connection])
        deadline.start()
        left = DRAIN_BYTES
        try:
            while left > 0 and (piece := request.read(min(left, 64 * 1024))):
                left -= len(piece)
        except OSError:
            pass  # the client is gone, or sends no valid chunks
        finally:
            deadline.cancel()


def _stop_receiving(connection: socket.socket | None) -> None:
    """Let a read that waits on the client end now; what is answered can still be sent."""
    if connection is not None:
        with contextlib.suppress(OSError):  # the client is gone
            connection.shutdown(socket.SHUT_RD)


class DatabaseTroubleMiddleware:
    """Answer where a page outside the API meets a database that is away or full."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return trouble_answer(request, error)


class RefusalMiddleware:
    """Answer what a page outside the API refuses for a while, such as a login."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TooMany | Unavailable):
            return refusal(request, error.status_code, str(error.detail), wait=error.wait)
        return None
