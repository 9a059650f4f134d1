"""Dump and restore of whatever database is in use, by PostgreSQL's own programs."""

import os
import subprocess
from pathlib import Path

from django.conf import settings
from django.db import connection

from tunix_site.postgres import embedded_binaries


class DumpError(Exception):
    """pg_dump or pg_restore failed; the message is theirs."""


def dump(path: Path) -> None:
    """Write the database to a file in pg_dump's custom format, whole or not at all."""
    draft = path.with_name(f"{path.name}.part")
    try:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={draft}")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def restore(path: Path) -> None:
    """Replace the database's content by a dump's, in one transaction."""
    connection.close()
    _run(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={settings.DATABASES['default']['NAME']}",
        str(path),
    )


def _run(program: str, *arguments: str) -> None:
    database = settings.DATABASES["default"]
    variables = {
        "PGHOST": database.get("HOST"),
        "PGPORT": database.get("PORT"),
        "PGUSER": database.get("USER"),
        "PGPASSWORD": database.get("PASSWORD"),  # never on the command line, where all can read it
        "PGDATABASE": database.get("NAME"),
    }
    environment = {**os.environ, **{key: str(value) for key, value in variables.items() if value}}
    done = subprocess.run(
        [str(embedded_binaries() / program), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DumpError(f"{program}: {done.stderr.strip()}")
