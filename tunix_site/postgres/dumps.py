"""Dump and restore of whatever database is in use, by PostgreSQL's own programs."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from django.db import OperationalError, connection

from tunix_site.postgres.programs import VERSION, embedded_binaries

# What is there goes first, also what the dump does not know, such as a later version's tables.
CLEAR = rb"""
BEGIN;
DO $$
DECLARE
    deed text;
BEGIN
    FOR deed IN
        SELECT format('DROP %s IF EXISTS %s CASCADE', kind, name)
        FROM (
            SELECT oid, 'TABLE', oid::regclass::text
            FROM pg_class
            WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT oid, 'SEQUENCE', oid::regclass::text
            FROM pg_class
            WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
            AND NOT EXISTS (  -- those of columns go with their tables
                SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i')
            )
            UNION ALL
            SELECT oid, 'ROUTINE', oid::regprocedure::text
            FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
        ) AS thing (oid, kind, name)
        WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = thing.oid AND deptype = 'e')
    LOOP
        EXECUTE deed;
    END LOOP;
END $$;
"""
# A server before 17 does not know the setting, and this is its default anyway.
UNKNOWN_EARLIER = b"SET transaction_timeout = 0;\n"
HEAD_BYTES = 4096


class DumpError(Exception):
    """One of PostgreSQL's programs failed; the message is its own."""


def dump(path: Path) -> None:
    """Write the database to a file in pg_dump's custom format, whole or not at all."""
    draft = path.with_name(f"{path.name}.part")
    try:
        wanted = ("--format=custom", "--no-owner", f"--file={draft}", *_database())
        with _program(_programs() / "pg_dump", *wanted):
            pass
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def restore(path: Path) -> None:
    """Replace the database's content by a dump's, in one transaction.

    Requests under way are waited for, later ones wait for it.
    """
    programs = _programs()
    reading = ("--no-owner", "--file=-", str(path))
    writing = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", *_database())
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with (
        _program(programs / "psql", *writing, **pipes) as psql,
        contextlib.suppress(BrokenPipeError),  # it has failed, and says why
        cast(IO[bytes], psql.stdin) as sql,
    ):
        sql.write(CLEAR)
        with _program(programs / "pg_restore", *reading, stdout=subprocess.PIPE) as pg_restore:
            _copy(cast(IO[bytes], pg_restore.stdout), sql)
        sql.write(b"COMMIT;\n")  # not reached where the dump could not be read to its end


def _copy(script: IO[bytes], sql: IO[bytes]) -> None:
    sql.write(script.read(HEAD_BYTES).replace(UNKNOWN_EARLIER, b""))
    shutil.copyfileobj(script, sql, 1024 * 1024)


@contextlib.contextmanager
def _program(program: Path, *arguments: str, **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program beside the block; DumpError where it fails."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [str(program), *arguments],
            env=_environment(),
            stderr=errors,
            umask=0o077,  # a dump is nobody else's to read
            **{"stdin": subprocess.DEVNULL, **pipes},
        ) as process,
    ):
        yield process
        if process.stdout:
            process.stdout.close()
        if process.wait() != 0:
            errors.seek(0)
            raise DumpError(f"{program.name}: {errors.read().decode(errors='replace').strip()}")


def _programs() -> Path:
    """Find the directory of the programs: ours, or the path's where the server is newer."""
    try:
        server = connection.pg_version // 10_000  # type: ignore[attr-defined]  # PostgreSQL's
    except OperationalError as error:
        raise DumpError(str(error).strip()) from None
    finally:
        connection.close()  # a restore would wait for our own connection
    if server <= VERSION:
        return embedded_binaries()
    found = shutil.which("pg_dump")
    if found is None:
        raise DumpError(f"The server is PostgreSQL {server}: its pg_dump is not on the path.")
    return Path(found).parent


def _environment() -> dict[str, str]:
    """Pass the password out of sight: on the command line all can read it."""
    password = connection.settings_dict["PASSWORD"]
    return {**os.environ, **({"PGPASSWORD": password} if password else {})}


def _database() -> list[str]:
    """Name the database in use by an option that all the programs take."""
    database = connection.settings_dict
    named = {
        "host": database["HOST"],
        "port": database["PORT"],
        "user": database["USER"],
        "dbname": database["NAME"],
    }
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    extra = {key: value for key, value in database["OPTIONS"].items() if key in known}
    given = {key: value for key, value in {**named, **extra}.items() if value}
    return ["--no-password", "--dbname=" + psycopg.conninfo.make_conninfo(**given)]
