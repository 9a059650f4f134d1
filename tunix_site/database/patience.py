"""Asking the database for no longer than somebody waits."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from tunix_site.database.troubles import sqlstate
from tunix_site.errors import Unavailable

CANCELLED = "57014"
TOO_LONG = "It takes longer than {:g} seconds."


@contextmanager
def patience(seconds: float, *, advice: str = "") -> Iterator[Callable[[], None]]:
    """Give each statement so many seconds, in a transaction; Unavailable where one takes longer.

    What the block gets leaves the next statement, called before it, but the rest of the seconds.
    An advice is said then as well.
    """
    deadline = time.monotonic() + seconds
    too_long = f"{TOO_LONG.format(seconds)} {advice}".rstrip()

    def limit(left: float) -> None:
        if left <= 0:
            raise Unavailable(too_long)
        milliseconds = str(math.ceil(left * 1000))
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [milliseconds])

    try:
        with transaction.atomic():
            limit(seconds)
            yield lambda: limit(deadline - time.monotonic())
            with connection.cursor() as cursor:  # a larger transaction goes on without it
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if sqlstate(error) != CANCELLED:
            raise
        raise Unavailable(too_long) from None
