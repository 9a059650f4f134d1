"""The one place that turns exceptions into answers."""

import logging
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from tunix_site.api.renderers import answer_in_json
from tunix_site.api.retold import retold
from tunix_site.database.troubles import described, trouble_of
from tunix_site.errors import RETRY_AFTER_SECONDS, Busy, DatabaseTrouble, TooLarge

log = logging.getLogger(__name__)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    if trouble := trouble_of(exc):
        log.error("%s", described(exc))
        connection.close()  # the next request opens a new one
        exc = DatabaseTrouble(trouble.status_code, trouble.detail)
    elif isinstance(exc, RequestDataTooBig):
        exc = TooLarge(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    answer_in_json(context["request"])
    response = drf_exception_handler(retold(exc, context), context)
    if isinstance(exc, Busy) and response is not None:
        # our line for the request says it; Django would call it an error
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def error_answer(request: HttpRequest, status_code: int, detail: str) -> HttpResponse:
    response = JsonResponse({"detail": detail}, status=status_code)
    if status_code == status.HTTP_503_SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(request, 404, "Not found. GET /api/schema names every route.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(request, 400, "Bad request.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(request, 403, "Forbidden.")


def trouble_answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """Answer a page that met a trouble of the database; None where the error is another."""
    trouble = trouble_of(error)
    if error is None or trouble is None:
        return None
    log.error("%s", described(error))
    return error_answer(request, trouble.status_code, trouble.detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nothing else did; the database may fail what comes after the view, too."""
    return trouble_answer(request, sys.exception()) or error_answer(
        request, 500, "Something broke here; the log says what."
    )
