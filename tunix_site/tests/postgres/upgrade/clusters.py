"""Data of PostgreSQL 16, as the version of the site before this one made it."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import psycopg

from tunix_site.postgres import data_directory
from tunix_site.postgres.cluster import Cluster, embedded_postgres
from tunix_site.postgres.names import DATABASE, PORT, ROLE
from tunix_site.postgres.programs import carried_binaries

ROWS = 1000
CONTENT = f"""
CREATE TABLE kept AS SELECT n, repeat(n::text, 10) AS text FROM generate_series(1, {ROWS}) AS n;
CREATE INDEX ON kept (text);
CREATE SEQUENCE numbers;
SELECT nextval('numbers') FROM generate_series(1, 7);
"""
BY_SUPERUSER = """
CREATE ROLE guest LOGIN PASSWORD 'secret' CONNECTION LIMIT 3;
ALTER ROLE guest SET statement_timeout = '5s';
ALTER DATABASE tunix SET work_mem = '5MB';
CREATE EXTENSION vector;
UPDATE pg_extension SET extversion = '0.8.4' WHERE extname = 'vector';
ALTER SYSTEM SET deadlock_timeout = '3s';
"""


def earlier() -> Path:
    return carried_binaries()[16]


def make(var_dir: Path, *options: str) -> None:
    """Make a cluster of 16 that holds something; options are initdb's."""
    if options:
        cluster = Cluster(var_dir, earlier())
        cluster.root.mkdir(parents=True)
        cluster._give_to_account()
        data_directory.make(cluster.data, cluster.programs, options)
    with embedded_postgres(var_dir, binaries=earlier()):
        with connect(var_dir) as connection:
            connection.execute(CONTENT)
        with connect(var_dir, user="postgres") as connection:
            for statement in BY_SUPERUSER.strip().splitlines():
                connection.execute(statement)


def copy(made: Path, var_dir: Path) -> Path:
    """Give a copy of a cluster that does not run."""
    shutil.copytree(made, var_dir, dirs_exist_ok=True, ignore=shutil.ignore_patterns("socket"))
    return var_dir


def connect(var_dir: Path, **changes: str) -> psycopg.Connection:
    named = {"host": str(Cluster(var_dir).socket_dir), "port": PORT, "user": ROLE}
    return psycopg.connect(**{**named, "dbname": DATABASE, **changes}, autocommit=True)


def one(var_dir: Path, query: str, **changes: str) -> object:
    """Give the one value that a query finds."""
    with connect(var_dir, **changes) as connection:
        [value] = connection.execute(query).fetchone()
        return value


def version_on_disk(data: Path) -> str:
    return (data / "PG_VERSION").read_text().strip()


def places(var_dir: Path) -> set[str]:
    """Name what is there beside logs and locks."""
    names = {path.name for path in (var_dir / "postgres").iterdir()}
    return names - {"log", "carry.log", "carry.lock", "start.lock", "users.lock", "socket"}


def processes_of(var_dir: Path) -> list[str]:
    """Give the command lines of PostgreSQL's programs that work there."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        # else it ended meanwhile, or is none of ours
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            command = (path / "cmdline").read_text().replace("\0", " ")
            where = os.readlink(path / "cwd")
            if (str(var_dir) in where or str(var_dir) in command) and "python" not in command:
                found.append(command)
    return found
