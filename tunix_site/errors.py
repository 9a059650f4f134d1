"""Errors of the domain, by kind.

Services raise these; views do not catch them; commands show their message.
"""

import math
from collections.abc import Mapping
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException

RETRY_AFTER_SECONDS = 5
MAX_BATCH_ERRORS = 100


def text_of(detail: Any) -> str:
    """Say in one text what an error of the domain says."""
    if isinstance(detail, dict):
        parts = [
            text_of(value) if name == "detail" else f"{name}: {text_of(value)}"
            for name, value in detail.items()
        ]
        return " ".join(parts)
    if isinstance(detail, list):
        return " ".join(map(text_of, detail))
    return str(detail)


def batch_detail(detail: str, errors: Mapping[int, Any]) -> dict[str, Any]:
    """Say what is wrong with the items of a batch, by index; of the first MAX_BATCH_ERRORS."""
    first = sorted(errors.items())[:MAX_BATCH_ERRORS]
    return {
        "detail": detail,
        "errors": [{"index": index, "errors": found} for index, found in first],
    }


class Invalid(APIException):
    """400: what was asked for cannot be done with these values; `detail` is answered as it is."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid"

    def __init__(self, detail: dict[str, Any]) -> None:
        self.detail = detail


class Conflict(APIException):
    """409: it contradicts what is stored."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class TooLarge(APIException):
    """413: more bytes than are taken."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body exceeds maximum of {limit:,} bytes.")


class KeyReused(APIException):
    """422: an Idempotency-Key came again with another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used with another request."


class TooMany(APIException):
    """429: it may be asked again after so many seconds."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "too_many"

    def __init__(self, what: str, *, wait: float) -> None:
        self.wait = math.ceil(wait)
        super().__init__(f"{what} Try again in {self.wait} seconds.")


class DatabaseTrouble(APIException):
    """503 or 507: the state that the database is in does not allow it."""

    default_code = "unavailable"

    def __init__(self, status_code: int, detail: str) -> None:
        super().__init__(detail)
        self.status_code = status_code
        if status_code == status.HTTP_503_SERVICE_UNAVAILABLE:
            self.wait = RETRY_AFTER_SECONDS


class Unavailable(APIException):
    """503: a part that is needed is away; the same request may succeed later."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = "The database is not available."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail)
        self.wait = RETRY_AFTER_SECONDS


class Busy(Unavailable):
    """503: as much is being done as may be done at once, which is no error of ours."""
