"""Databases beside the tests' own: the dump restored, migrated and copied."""

import contextlib
import io
import json
import lzma
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

HERE = Path(__file__).parent
KEPT = (  # tables of which each column is what it was
    "auth_group",
    "auth_user",
    "auth_user_groups",
    "datasets_datasetitem",
    "jobs_job",
    "jobs_joberror",
    "traces_pending",
    "traces_review",
    "traces_score",
    "traces_searchdocument",
    "traces_signature",
    "traces_trace",
    "tunix_site_apikey",
    "tunix_site_idempotentanswer",
)

KeyedRows = dict[str, dict[str, Any]]
Rows = dict[str, KeyedRows]  # by table


class Carried(NamedTuple):
    """The migrated database, and the rows of its tables before and after."""

    name: str
    restored: Rows
    migrated: Rows


@cache
def before() -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(lzma.decompress((HERE / "answers.json.xz").read_bytes()))
    return answers


@contextlib.contextmanager
def new_database(template: str = "template1") -> Iterator[str]:
    name = f"carried_{uuid.uuid4().hex}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield name
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


@contextlib.contextmanager
def connected_to(name: str) -> Iterator[None]:
    tests_own = connection.settings_dict["NAME"]
    try:
        for_all_that_follows(name)
        yield
    finally:
        for_all_that_follows(tests_own)


def for_all_that_follows(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


@contextlib.contextmanager
def carried_over() -> Iterator[Carried]:
    """Restore the dump into a database of its own and migrate it."""
    with new_database() as name:
        with connected_to(name):
            call_command("restore", str(HERE / "tunix.dump"), force=True, stdout=io.StringIO())
            restored = stored()
            call_command("migrate", verbosity=0)
            migrated = stored()
        yield Carried(name, restored, migrated)


def stored() -> Rows:
    rows: Rows = {}
    with connection.cursor() as cursor:
        for table in KEPT:
            cursor.execute(f"SELECT row_to_json({table})::text FROM {table}")
            found = [json.loads(row) for (row,) in cursor.fetchall()]
            rows[table] = {str(row.get("id") or row["trace_id"]): row for row in found}
    return rows
