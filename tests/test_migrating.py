"""Migrations: of programs that start at once one does them, and what broke off is done again."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations import Migration, RunSQL
from django.db.migrations.loader import MigrationLoader

from tests.before.restoring import new_database
from tunix_site.database.migrating import LOCK
from tunix_site.tests.live import environment_for, url_of, wait_until

MIGRATE = (
    "import django; django.setup(); from tunix_site.database.migrating import migrate; migrate()"
)
WAITING = "another process migrates the database: waiting for it"
ASKING = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query LIKE %s"
APPLIED = "SELECT count(*), count(DISTINCT (app, name)) FROM django_migrations"
INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
BUILT = re.compile(r"CREATE\s+(?:UNIQUE )?INDEX CONCURRENTLY (?P<name>.*?) ON")


def migrate_beside(url: str) -> subprocess.CompletedProcess[str]:
    environment = environment_for(url, DJANGO_SETTINGS_MODULE="tunix_site.settings")
    return subprocess.run(
        [sys.executable, "-c", MIGRATE],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_of_two_that_start_at_once_one_migrates_and_the_other_waits(transactional_db):
    with new_database() as name:
        url = url_of({**connection.settings_dict, "NAME": name})
        with psycopg.connect(url, autocommit=True) as database, ThreadPoolExecutor(2) as beside:
            database.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            running = [beside.submit(migrate_beside, url) for _ in range(2)]
            asked = [name, "%pg_%advisory_lock%"]
            wait_until(lambda: database.execute(ASKING, asked).fetchone() == (2,))
            database.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
            for ended in [one.result() for one in running]:
                assert ended.returncode == 0, ended.stderr
                assert WAITING in ended.stderr
            [(count, different)] = database.execute(APPLIED)
            assert count == different > 0
            assert database.execute(INVALID).fetchall() == []


def statements(migration: Migration) -> Iterator[list[str]]:
    """Give the SQL of each operation, of doing and of undoing it."""
    for operation in migration.operations:
        if isinstance(operation, RunSQL):
            for sql in (operation.sql, operation.reverse_sql or ""):
                yield [sql] if isinstance(sql, str) else list(sql)


def test_an_index_whose_building_broke_off_is_built_anew():
    migrations = MigrationLoader(None).disk_migrations.values()
    built = {
        (found["name"], before)
        for migration in migrations
        for sql in statements(migration)
        for before, text in pairwise(["", *sql])
        if (found := BUILT.search(text))
    }
    assert len(built) > 15
    wrong = [
        name for name, before in built if before != f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    ]
    assert wrong == []
