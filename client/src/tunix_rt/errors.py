"""What can go wrong, a class for each kind, with messages that say where and what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx

SHOWN_PROBLEMS = 3
SHOWN_CHARS = 500


class TunixError(Exception):
    """All errors of this package."""


class Misconfigured(TunixError):
    """The client was not told where the site is, or something that it cannot use."""


class Unsendable(TunixError):
    """A trace or record is no JSON; the message names its index."""


class Disconnected(TunixError):
    """The site could not be reached, took too long, or broke off."""


class BrokenOff(Disconnected):
    """The connection broke in the middle of an answer."""


class Foreign(TunixError):
    """What answers is no site of Tunix RT."""

    def __init__(self, asked: str) -> None:
        super().__init__(f"{asked}: what answers is no Tunix RT; check the address.")


class InUse(TunixError):
    """Another process is writing the same file."""


class Incomplete(TunixError):
    """What came is not what was promised: rows are missing, or it is another dataset."""


class JobFailed(TunixError):
    """A job that was waited for failed or was cancelled; `job` is its last state."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        super().__init__(f"Job {job['id']} {job['state']}: {job.get('error') or 'no reason given'}")
        self.job = job


class NotYet(TunixError):
    """A job that was waited for has not ended in the time given; it goes on."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where: a batch's index, a file's line, a field."""

    message: str
    field: str | None = None
    index: int | None = None
    line: int | None = None

    def shifted(self, by: int) -> "Problem":
        """Count the index, where there is one, from so much further before."""
        return self if self.index is None else replace(self, index=self.index + by)

    def __str__(self) -> str:
        place = [
            f"item {self.index}" if self.index is not None else None,
            f"line {self.line}" if self.line is not None else None,
            self.field,
        ]
        return ": ".join(filter(None, [", ".join(filter(None, place)), self.message]))


class ApiError(TunixError):
    """The site refused a request.

    `errors` says what is wrong with which item and field; `body` is the whole answer.
    """

    advice = ""

    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.request_id = response.headers.get("X-Request-ID")
        self.retry_after = _seconds(response.headers.get("Retry-After"))
        self.body = _body(response)
        self.detail = _detail(self.body)
        self.errors = list(problems_of(self.body))
        self.asked = f"{response.request.method} {response.request.url.path}"
        super().__init__()

    def shifted(self, by: int) -> "ApiError":
        """Count the indexes of a batch from the beginning of the whole."""
        self.errors = [problem.shifted(by) for problem in self.errors]
        return self

    def __str__(self) -> str:
        shown = [str(problem) for problem in self.errors[:SHOWN_PROBLEMS]]
        if len(self.errors) > SHOWN_PROBLEMS:
            shown.append(f"and {len(self.errors) - SHOWN_PROBLEMS} more")
        wait = f"Try again in {self.retry_after:.0f} s." if self.retry_after else ""
        said = " ".join(filter(None, [self.detail, "; ".join(shown), wait, self.advice]))
        return f"{self.asked}: {self.status_code} {said}".rstrip()


class Invalid(ApiError):
    """400 or 422: what was sent does not hold what it should."""


class Unauthorized(ApiError):
    """401: no key came, or one that is unknown, expired or revoked."""

    advice = "Give a key that is valid (`key=`, --key or TUNIX_API_KEY)."


class Forbidden(ApiError):
    """403: the role of the key may not do this."""


class NotFound(ApiError):
    """404: there is no such thing."""


class Conflict(ApiError):
    """409: it contradicts what is stored."""


class TooLarge(ApiError):
    """413: more than is taken at once."""

    advice = "Send less at once, or import it as a file."


class TooMany(ApiError):
    """429: too many wrong keys came from this address; `retry_after` says when to try again."""


class Unavailable(ApiError):
    """502, 503 or 504: busy or away; the same request may succeed later."""


class Broken(ApiError):
    """Any other 5xx, 507 (the site's disk is full) among them."""


class Moved(ApiError):
    """The site answers at another address: a key is never sent on to it."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response)
        self.detail = f"The site sends on to {response.headers.get('Location')}: use that address."


KINDS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Invalid,
    429: TooMany,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def error_of(response: httpx.Response) -> ApiError:
    """Give the error that a response which was read is, by its status."""
    if response.has_redirect_location:
        return Moved(response)
    kind = KINDS.get(response.status_code, Broken if response.is_server_error else ApiError)
    return kind(response)


def problems_of(body: Any) -> Iterator[Problem]:
    """Yield what a refusal says is wrong: of a batch by index, of a file by line, else by field."""
    if not isinstance(body, dict):
        return
    listed = body.get("errors")
    if isinstance(listed, list):
        for one in listed:
            if isinstance(one, dict):
                yield from _listed(one)
        return
    yield from _fields({name: value for name, value in body.items() if name != "detail"})


def problem_of(error: Mapping[str, Any]) -> Problem:
    """Read an error of a file's line; its field may be empty."""
    return Problem(str(error.get("message")), field=error.get("field"), line=error.get("line"))


def _listed(one: dict[str, Any]) -> Iterator[Problem]:
    if "index" in one:
        for problem in _fields(one.get("errors")):
            yield replace(problem, index=one["index"])
    else:
        yield problem_of(one)


def _fields(found: Any, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Yield the texts of nested errors, each with the dotted path to it."""
    if isinstance(found, dict):
        for name, value in found.items():
            yield from _fields(value, (*path, str(name)))
    elif isinstance(found, list):
        for number, value in enumerate(found):
            is_text = isinstance(value, str)
            yield from _fields(value, path if is_text else (*path, str(number)))
    elif isinstance(found, str):
        yield Problem(found, field=".".join(path) or None)


def _body(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:  # a proxy's page, for example
        return response.text


def _detail(body: Any) -> str:
    if isinstance(body, dict):
        detail = body.get("detail", "")
        return detail if isinstance(detail, str) else str(detail)
    text = " ".join(str(body).split())
    return text[:SHOWN_CHARS]


def _seconds(header: str | None) -> float | None:
    """Read a Retry-After of seconds; a date, which this site never gives, is none."""
    return float(header) if header is not None and header.isdecimal() else None
