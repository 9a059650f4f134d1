"""Migrations, by one process at a time."""

import logging
import time

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

log = logging.getLogger(__name__)

LOCK = 0x74756E6978  # "tunix": what our processes agree on, in this database
TRY, LET_GO = "SELECT pg_try_advisory_lock(%s)", "SELECT pg_advisory_unlock(%s)"
PAUSE = 0.2  # seconds between tries


def migrate() -> None:
    """Bring the database up to date; whoever comes meanwhile waits, and finds nothing to do."""
    _take_turn()
    try:
        call_command("migrate", verbosity=0)
    finally:
        _asked(LET_GO)


def is_up_to_date() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _take_turn() -> None:
    """Ask for the lock again and again.

    A statement that waited for it would hold a snapshot, and whoever has it may build an index
    concurrently, which waits for every snapshot: a deadlock.
    """
    if _asked(TRY):
        return
    log.info("another process migrates the database: waiting for it")
    while not _asked(TRY):
        time.sleep(PAUSE)


def _asked(query: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [LOCK])
        return bool(cursor.fetchone() == (True,))
