"""When and how long to wait before a request is sent again."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

PASSING = frozenset({429, 502, 503, 504})  # statuses that may be others in a while


@dataclass(frozen=True, kw_only=True)
class Retries:
    """At most `times` more attempts, none begun later than `seconds` after the first.

    Waits double from `first_wait`, up to `longest_wait` seconds, each cut at random by up to a half
    so that clients which failed together do not come back together; Retry-After goes first.
    """

    times: int = 5
    seconds: float = 120
    first_wait: float = 0.5
    longest_wait: float = 30
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    def begin(self) -> "Attempts":
        return Attempts(self)


class Attempts:
    """What is left of the retries of one request."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._failed = 0
        self._last_start = time.monotonic() + retries.seconds

    def wait(self, retry_after: float | None = None) -> bool:
        """Wait for the next attempt; False, at once, where there is none."""
        seconds = self._next() if retry_after is None else retry_after
        self._failed += 1
        if self._failed > self._retries.times or time.monotonic() + seconds > self._last_start:
            return False
        self._retries.pause(seconds)
        return True

    def _next(self) -> float:
        longest: float = min(self._retries.first_wait * 2**self._failed, self._retries.longest_wait)
        return longest * random.uniform(0.5, 1)  # noqa: S311  # no secret hangs on it


NONE = Retries(times=0)
