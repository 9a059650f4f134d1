"""Emptying the tests' database after a test that commits, in a tenth of the time of Django's flush.

Only tables that hold rows are emptied, and what migrations leave is there afterwards, as it is
before the first test: which tests a process runs in which order is chance.
"""

from functools import cache

from django.db import OperationalError, connection
from psycopg import sql
from psycopg.errors import DeadlockDetected

from tunix_site.models import Role

GROUPS = "auth_group"
KEPT = {"django_content_type", "auth_permission", GROUPS}


def flush_quickly() -> None:
    """Have `flush`, by which Django's tests empty the database, do no more than is needed.

    On every connection: a browser's tests get one of their own.
    """
    operations = type(connection.ops)
    operations.sql_flush = lambda *_, **__: []  # type: ignore[method-assign]
    operations.execute_sql_flush = lambda *_: empty()  # type: ignore[method-assign]


def empty() -> None:
    """Empty it also where a request whose client hung up still comes to its end: a deadlock."""
    try:
        _empty_once()
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
        _empty_once()


def _empty_once() -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(map(_name_if_filled, _tables())))
        filled = [sql.Identifier(name) for (name,) in cursor]
        if filled:
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(filled)))
        roles = Role.values
        cursor.execute(f"DELETE FROM {GROUPS} WHERE name <> ALL(%s)", [roles])
        added = f"INSERT INTO {GROUPS} (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
        cursor.execute(added, [roles])


@cache
def _tables() -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted({*names} - KEPT)


def _name_if_filled(table: str) -> sql.Composed:
    return sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(table, sql.Identifier(table))
