"""What people are told while PostgreSQL starts, stops or cannot."""

import contextlib
import sys
import threading
from collections.abc import Iterator

PATIENCE_SECONDS = 2


class PostgresError(Exception):
    """The embedded server cannot be used; the message says what to do."""


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)  # noqa: T201


@contextlib.contextmanager
def patience(message: str) -> Iterator[None]:
    """Say what is waited for where the block takes longer than a moment."""
    timer = threading.Timer(PATIENCE_SECONDS, say, [message])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
