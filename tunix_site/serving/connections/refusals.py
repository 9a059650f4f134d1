"""What the server itself answers, before there is a request: JSON that quotes nothing."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from gunicorn.http import errors
from gunicorn.util import http_date

from tunix_site.errors import RETRY_AFTER_SECONDS

# Header fields that errors name by a constant of the parser's, never by what came.
FIELDS = {
    "HOST": "Host",
    "CONTENT-TYPE": "Content-Type",
    "CONTENT-LENGTH": "Content-Length",
    "TRANSFER-ENCODING": "Transfer-Encoding",
}


@dataclass(frozen=True)
class Refusal:
    status: HTTPStatus
    detail: str

    def to_bytes(self, *, body: bool = True) -> bytes:
        """Give the whole response, which ends the connection; without its body for a HEAD."""
        content = json.dumps({"detail": self.detail}).encode()
        lines = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            f"Date: {http_date()}",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
        ]
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            lines.append(f"Retry-After: {RETRY_AFTER_SECONDS}")
        head = "\r\n".join([*lines, "", ""]).encode("ascii")
        return head + content if body else head


BAD_LINE = Refusal(HTTPStatus.BAD_REQUEST, "The request line is not valid.")
BAD_HEAD = Refusal(HTTPStatus.BAD_REQUEST, "The head of the request is not valid.")
HEAD_TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The head of the request is too large."
)
UNKNOWN_CODING = Refusal(
    HTTPStatus.NOT_IMPLEMENTED, "Transfer-Encoding must be chunked and nothing else."
)
SLOW_HEAD = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The head of the request did not come in time.")
SLOW_BODY = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The body comes too slowly, or no more.")
FULL = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Too much is being sent at once; try again later.")
BUSY = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Too much is being done at once; try again later.")
BROKEN = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke here; the log says what.")

# The first that fits counts.
_REFUSALS: list[tuple[type[Exception], Refusal]] = [
    (errors.InvalidRequestLine, BAD_LINE),
    (errors.InvalidRequestMethod, Refusal(HTTPStatus.BAD_REQUEST, "The method is not valid.")),
    (
        errors.InvalidHTTPVersion,
        Refusal(HTTPStatus.BAD_REQUEST, "The version must be HTTP/1.1 or HTTP/1.0."),
    ),
    (
        errors.LimitRequestLine,
        Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "The request line is too long."),
    ),
    (errors.LimitRequestHeaders, HEAD_TOO_LARGE),
    (errors.UnsupportedTransferCoding, UNKNOWN_CODING),
    (
        errors.ExpectationFailed,
        Refusal(HTTPStatus.EXPECTATION_FAILED, "Expect must be 100-continue."),
    ),
    (
        errors.ObsoleteFolding,
        Refusal(HTTPStatus.BAD_REQUEST, "A header field must be on one line."),
    ),
    (
        errors.InvalidHeaderName,
        Refusal(HTTPStatus.BAD_REQUEST, "The name of a header field is not valid."),
    ),
]


def refusal_of(error: Exception) -> Refusal:
    """Say why the parser did not take a request."""
    if isinstance(error, errors.InvalidHeader) and error.hdr in FIELDS:
        name = FIELDS[error.hdr]
        return Refusal(HTTPStatus.BAD_REQUEST, f"{name} is not valid, or is there too often.")
    for kind, refusal in _REFUSALS:
        if isinstance(error, kind):
            return refusal
    return BAD_HEAD
