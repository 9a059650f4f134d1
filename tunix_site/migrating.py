"""Migrations, by one process at a time."""

from django.core.management import call_command
from django.db import connection

LOCK = 0x74756E6978  # "tunix": what our processes agree on, in this database


def migrate() -> None:
    """Bring the database up to date; whoever comes meanwhile waits, and finds nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            call_command("migrate", verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
