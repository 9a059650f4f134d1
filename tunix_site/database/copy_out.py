"""Reading by COPY: a stream of rows with constant memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def copy_out(query: str, parameters: list[Any], *, options: str = "FORMAT TEXT") -> Iterator[Any]:
    """Give psycopg's Copy over a query's rows; iterate it for bytes, its `rows()` for text.

    The parameters are put into the text by Django: its cursor for debugging takes none for COPY.
    """
    statement = connection.ops.compose_sql(  # type: ignore[attr-defined]  # PostgreSQL's
        f"COPY ({query}) TO STDOUT ({options})", parameters
    )
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        yield copy
