"""The one place from which requests go: with retries where they are safe, and errors by kind."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx

from tunix_rt.errors import ApiError, Disconnected, Foreign, Unsendable, error_of
from tunix_rt.http.retries import PASSING, Retries

IDEMPOTENCY_KEY = "Idempotency-Key"
READING = frozenset({"GET", "HEAD"})
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
JSON = {"Content-Type": "application/json"}

Body = Callable[[], Iterable[bytes]]  # made anew for each attempt
Query = Mapping[str, Any]


class Transport:
    """Requests to one site with one key."""

    def __init__(self, http: httpx.Client, retries: Retries) -> None:
        self.http = http
        self.retries = retries

    def get(self, path: str, query: Query | None = None) -> Any:
        return document(self.send("GET", path, query=query))

    def post(
        self, path: str, body: Any, query: Query | None = None, headers: Query | None = None
    ) -> Any:
        """Send JSON under an Idempotency-Key of its own, so that it may be sent again."""
        return self.post_bytes(path, encoded(body), query, {**once(), **(headers or {})})

    def post_bytes(
        self, path: str, body: bytes, query: Query | None = None, headers: Query | None = None
    ) -> Any:
        """Send what is JSON already, and may be sent again."""
        response = self.send(
            "POST",
            path,
            query=query,
            headers={**JSON, **(headers or {})},
            body=lambda: [body],
            length=len(body),
            repeatable=True,
        )
        return document(response)

    def patch(self, path: str, body: Any) -> Any:
        content = encoded(body)
        options = {"headers": JSON, "body": lambda: [content], "length": len(content)}
        return document(self.send("PATCH", path, **options))

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request; give the response, read. Options are those of `stream`."""
        with self.stream(method, path, read=True, **options) as response:
            return response

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        headers: Query | None = None,
        body: Body | None = None,
        length: int | None = None,
        repeatable: bool | None = None,
        read: bool = False,
        timeout: httpx.Timeout | None = None,
    ) -> Iterator[httpx.Response]:
        """Open a response of success.

        ApiError where the site refuses, Disconnected where it cannot be reached; both after the
        retries, where the request may be sent again: GET and HEAD, and what is `repeatable`.
        """
        if repeatable is None:
            repeatable = method in READING
        sent_headers = {name: str(value) for name, value in (headers or {}).items()}
        if length is not None:
            sent_headers["Content-Length"] = str(length)

        def attempt() -> httpx.Response:
            request = self.http.build_request(
                method,
                path,
                params=dict(_query(query or {})),
                headers=sent_headers,
                content=body() if body else None,
                timeout=timeout or httpx.USE_CLIENT_DEFAULT,
            )
            response = self.http.send(request, stream=True)
            if read or not response.is_success:
                with _closing(response):
                    _read(response)
            return response

        with _closing(
            self._retried(attempt, f"{method} {path}", repeatable=repeatable)
        ) as response:
            yield response

    def _retried(
        self, attempt: Callable[[], httpx.Response], asked: str, *, repeatable: bool
    ) -> httpx.Response:
        attempts = self.retries.begin()
        while True:
            failure: ApiError | Disconnected
            try:
                response = attempt()
            except httpx.TransportError as error:
                failure = Disconnected(f"{asked}: {reason_of(error)}. Is the site there?")
                may_repeat = repeatable or isinstance(error, NEVER_SENT)
                wait = None
            else:
                if response.is_success:
                    return response
                failure = error_of(response)
                may_repeat = repeatable and response.status_code in PASSING
                wait = failure.retry_after
            if not may_repeat or not attempts.wait(wait):
                raise failure


def _read(response: httpx.Response) -> None:
    """Read it whole. Foreign where it is not compressed as it says."""
    try:
        response.read()
    except httpx.DecodingError:
        raise Foreign(f"{response.request.method} {response.request.url.path}") from None


@contextmanager
def _closing(response: httpx.Response) -> Iterator[httpx.Response]:
    try:
        yield response
    finally:
        response.close()


def once() -> dict[str, str]:
    """Give the header of a request that is done once, however often it comes."""
    return {IDEMPOTENCY_KEY: str(uuid.uuid4())}


def document(response: httpx.Response) -> Any:
    """Read the JSON of a response. Foreign where it is none."""
    try:
        return response.json()
    except ValueError:
        raise Foreign(f"{response.request.method} {response.request.url.path}") from None


def reason_of(error: httpx.RequestError) -> str:
    return str(error) or type(error).__name__


def encoded(body: Any) -> bytes:
    """Write compact JSON. Unsendable where it is none: NaN, bytes, dates and the like."""
    try:
        return ENCODER.encode(body).encode()
    except (TypeError, ValueError, RecursionError) as error:  # a lone surrogate is a ValueError too
        raise Unsendable(f"This is no JSON: {error}") from None


def segment(text: object) -> str:
    """Quote an id or key as one part of a path. ValueError where it would lead elsewhere."""
    part = str(text)
    if part in ("", ".", ".."):
        raise ValueError(f"{part!r} is no id or key.")
    return quote(part, safe="")


def _query(query: Query) -> Iterator[tuple[str, str]]:
    """Write parameters as the site reads them; what is None is left out."""
    for name, value in query.items():
        if isinstance(value, bool):
            yield name, "true" if value else "false"
        elif value is not None:
            yield name, value.isoformat() if hasattr(value, "isoformat") else str(value)
