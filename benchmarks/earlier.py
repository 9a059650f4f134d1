"""A large database of the version before: the traces of its dump, multiplied."""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from benchmarks.baseline import Database, bare_connection
from tunix_site.postgres.dumps import restore
from tunix_site.progress_bar import progress_bar

DUMP = settings.BASE_DIR / "tests" / "before" / "tunix.dump"
DATABASE = "tunix_bench_migration"
AT_ONCE = 10_000
MOST_CHARS = 5_000  # of a trace that is multiplied

MULTIPLY = """
    INSERT INTO traces_trace ({columns})
    SELECT {values}
    FROM generate_series(%s::bigint, %s::bigint) AS number
    JOIN bench_template ON place = number %% (SELECT count(*) FROM bench_template)
"""
NEW_ID = """(
    lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + number), 12, '0')
    || '7' || substr(md5(number::text), 1, 3) || '8' || substr(md5(number::text), 4, 15)
)::uuid"""
NEW_VALUES = {"id": NEW_ID, "external_id": "external_id || '/' || number"}
BESIDE = (  # reviews of some, scores and a dataset of half
    """INSERT INTO traces_review (trace_id, reviewer_id, verdict, note, created_at)
    SELECT id, (SELECT min(id) FROM auth_user), verdict, '', now()
    FROM traces_trace, unnest('{flagged,approved}'::text[]) AS verdict
    WHERE left(content_hash::text, 1) < '4'""",
    """INSERT INTO traces_score (trace_id, criteria, scorer_version, value, details, created_at)
    SELECT id, 'measured', '1', 0.5, '{}', now() FROM traces_trace
    WHERE left(content_hash::text, 1) < '8'""",
    "ALTER TABLE datasets_datasetitem DISABLE TRIGGER USER",
    """INSERT INTO datasets_datasetitem (dataset_id, position, trace_id, split, parts)
    SELECT dataset.id, dataset.trace_count + row_number() OVER (ORDER BY trace.id), trace.id, '', 0
    FROM traces_trace AS trace, datasets_dataset AS dataset
    WHERE dataset.name = 'everything' AND left(trace.content_hash::text, 1) < '8'""",
    "ALTER TABLE datasets_datasetitem ENABLE TRIGGER USER",
)


@contextlib.contextmanager
def earlier_database() -> Iterator[None]:
    """Restore the dump into a database of its own, be connected to it, and drop it afterwards."""
    users_own = connection.settings_dict["NAME"]
    with bare_connection() as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        server.execute(f"CREATE DATABASE {DATABASE}")
        connection.settings_dict["NAME"] = DATABASE
        try:
            restore(DUMP)
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = users_own
            server.execute(f"DROP DATABASE {DATABASE}")


def multiply(database: Database, traces: int) -> None:
    """Make so many traces of those that are there, and what hangs on them."""
    database.execute(
        """CREATE TABLE bench_template AS
        SELECT row_number() OVER (ORDER BY id) - 1 AS place, * FROM traces_trace
        WHERE total_chars < %s""",
        [MOST_CHARS],
    )
    statement = insertion(columns_of(database))
    with progress_bar(total=traces, unit=" traces", desc="making") as bar:
        for start in range(0, traces, AT_ONCE):
            end = min(start + AT_ONCE, traces)
            database.execute(statement, [start, end - 1])
            bar.update(end - start)
    for beside in BESIDE:
        database.execute(beside)
    database.execute("VACUUM (ANALYZE)")


def insertion(columns: list[str]) -> str:
    """Write the SQL that stores traces of their numbers, from one to another."""
    values = ", ".join(NEW_VALUES.get(name, name) for name in columns)
    return MULTIPLY.format(columns=", ".join(columns), values=values)


def columns_of(database: Database) -> list[str]:
    rows = database.execute(
        """SELECT column_name FROM information_schema.columns
        WHERE table_name = 'traces_trace' ORDER BY ordinal_position"""
    )
    return [name for (name,) in rows.fetchall()]
