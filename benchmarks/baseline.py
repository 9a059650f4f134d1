"""What the site is compared with: psycopg alone, on copies of its tables."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
from django.db import connection, models
from django.utils import timezone

from benchmarks.site import BenchmarkFailed
from datasets.models import DatasetItem
from traces.copy_in import COPY_OPTIONS
from traces.copy_in import copy_text as text_of
from traces.document import TraceDocument
from traces.indexes import Pending
from traces.models import Trace
from tunix_site.serving.server_process import database_url

EMPTYING_ATTEMPTS = 5
INDEXED_SECONDS = 300

Database = psycopg.Connection[Any]


@contextlib.contextmanager
def bare_connection() -> Iterator[Database]:
    """Connect to the current database without Django; every statement commits by itself."""
    with psycopg.connect(database_url(connection.settings_dict), autocommit=True) as database:
        yield database


@contextlib.contextmanager
def empty_copy(database: Database, model: type[models.Model]) -> Iterator[str]:
    """Make a table like the model's, with all its indexes; give its name and drop it afterwards."""
    table = model._meta.db_table
    name = f"bench_{table}"
    database.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    try:
        yield name
    finally:
        database.execute(f"DROP TABLE {name}")


def empty(database: Database, *tables: str) -> None:
    """Empty tables; once more where a worker holds one and waits for another, as we do."""
    for _ in range(EMPTYING_ATTEMPTS):
        with contextlib.suppress(psycopg.errors.DeadlockDetected):
            database.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            return
    raise BenchmarkFailed("The workers do not let go of the tables.")


def columns(model: type[models.Model]) -> str:
    return ", ".join(str(field.column) for field in model._meta.concrete_fields)


def traces_of(bodies: list[dict[str, Any]]) -> list[Trace]:
    return traces_of_documents(msgspec.convert(bodies, list[TraceDocument]))


def traces_of_documents(documents: list[TraceDocument]) -> list[Trace]:
    now = timezone.now()
    return [Trace.from_document(document, created_at=now) for document in documents]


def copy_text(bodies: list[dict[str, Any]]) -> bytes:
    """Prepare traces as the text that COPY takes with COPY_OPTIONS."""
    return copy_text_of(msgspec.convert(bodies, list[TraceDocument]))


def copy_text_of(documents: list[TraceDocument]) -> bytes:
    return text_of(traces_of_documents(documents)).encode()


def copy_in(database: Database, table: str, text: bytes) -> None:
    """COPY prepared rows in one transaction."""
    statement = f"COPY {table} ({columns(Trace)}) FROM STDIN ({COPY_OPTIONS})"
    with database.cursor().copy(statement) as copy:
        copy.write(text)


def insert_statement(model: type[models.Model], table: str) -> str:
    places = ", ".join(["%s"] * len(model._meta.concrete_fields))
    return f"INSERT INTO {table} ({columns(model)}) VALUES ({places})"


def rows_of(bodies: list[dict[str, Any]]) -> list[list[Any]]:
    """Give traces as parameters of an INSERT, JSON as text."""
    return [
        [_parameter(trace, field) for field in Trace._meta.concrete_fields]
        for trace in traces_of(bodies)
    ]


def _parameter(trace: Trace, field: "models.Field[Any, Any]") -> Any:
    value = getattr(trace, field.attname)
    is_json = isinstance(field, models.JSONField) and value is not None
    return msgspec.json.encode(value).decode() if is_json else value


def fill(bodies: list[dict[str, Any]], copies: int) -> None:
    """Make the trace table hold so many copies of the bodies, each with ids of its own."""
    with bare_connection() as database:
        empty(database, Trace._meta.db_table, DatasetItem._meta.db_table)
        for _ in range(copies):
            Trace.objects.bulk_create(traces_of(bodies))
        database.execute(f"VACUUM (ANALYZE) {Trace._meta.db_table}")


def wait_for_the_indexes() -> None:
    """Wait until the workers have indexed all that is there, so that they are idle again."""
    until = time.monotonic() + INDEXED_SECONDS
    while Pending.objects.exists():
        if time.monotonic() > until:
            raise BenchmarkFailed("The workers index nothing: see the server's log.")
        time.sleep(0.1)
