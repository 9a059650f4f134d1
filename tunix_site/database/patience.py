"""Asking the database for no longer than somebody waits."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from tunix_site.database.troubles import sqlstate
from tunix_site.errors import Unavailable

CANCELLED = "57014"
TOO_LONG = "It takes longer than {:g} seconds."


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Give each statement so many seconds, in a transaction; Unavailable where one takes longer."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))]
                )
            yield
            with connection.cursor() as cursor:  # a larger transaction goes on without it
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if sqlstate(error) != CANCELLED:
            raise
        raise Unavailable(TOO_LONG.format(seconds)) from None
