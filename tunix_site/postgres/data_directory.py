"""The data directory on disk: made whole, configured, and owned by the server's account."""

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunix_site.postgres.account import own
from tunix_site.postgres.names import PORT, ROLE, SUPERUSER
from tunix_site.postgres.programs import Programs
from tunix_site.postgres.telling import PostgresError, say

CONFIGURATION = """
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
max_wal_size = 4GB
wal_compression = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# What people sent must not get into the log.
log_statement = none
log_min_error_statement = panic
log_error_verbosity = terse
"""
# On one machine with few cores, processes that read for others take the memory and give nothing.
CONFIGURATION_FROM_18 = "io_method = sync\n"
INCLUDE = "include 'tunix.conf'\n"


def version(data: Path) -> str | None:
    """Give the major version that made it; None where there is none yet."""
    try:
        return (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def create(data: Path, programs: Programs) -> None:
    """Make a cluster aside and put it in place whole: an interruption leaves nothing."""
    say("Creating the embedded PostgreSQL (once)...")
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    locale = ["--locale=C.UTF-8"]  # full text takes from the system's what of Unicode is a letter
    if programs.version >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    make(draft, programs, ["--encoding=UTF8", "--data-checksums", *locale])
    draft.rename(data)


def make(directory: Path, programs: Programs, options: Sequence[str], **call: Any) -> None:
    """Make a cluster that reads our settings."""
    programs.run(
        "initdb",
        f"--pgdata={directory}",
        f"--username={SUPERUSER}",
        "--auth-local=peer",
        "--auth-host=reject",
        "--no-instructions",
        *options,
        **call,
    )
    with (directory / "postgresql.conf").open("a") as configuration:
        configuration.write(INCLUDE)


def configure(data: Path, socket_dir: Path, programs: Programs) -> None:
    """Write what the server reads at its start: where it listens, and who may come.

    That is ourselves, and its own account, by which its programs come.
    """
    account = programs.account
    come = {account.peer: (ROLE, SUPERUSER), account.name: (ROLE, SUPERUSER)}
    configuration = CONFIGURATION.format(port=PORT, socket_dir=socket_dir)
    files = {
        "tunix.conf": configuration + (CONFIGURATION_FROM_18 if programs.version >= 18 else ""),
        "pg_hba.conf": "local all all peer map=ours\n",
        "pg_ident.conf": "".join(
            f'ours "{name}" {role}\n' for name, roles in come.items() for role in roles
        ),
    }
    for name, text in files.items():
        _write_whole(data / name, text)


def carry_settings(old: Path, new: Path, programs: Programs) -> None:
    """Take over what `ALTER SYSTEM` and lines after our include have set, if ours knows it all."""
    set_by_statement = new / "postgresql.auto.conf"
    configuration = new / "postgresql.conf"
    before = {path: path.read_text() for path in (set_by_statement, configuration)}
    _write_whole(set_by_statement, (old / "postgresql.auto.conf").read_text())
    added = (old / "postgresql.conf").read_text().partition(INCLUDE)[2]
    _write_whole(configuration, before[configuration] + added)
    give(new, programs.account.owner)
    try:
        programs.run("postgres", "-D", str(new), "-C", "port")
    except PostgresError as error:
        say(f"Settings of its own were not taken over: {error}")
        for path, text in before.items():
            _write_whole(path, text)


def give(data: Path, owner: int) -> None:
    """Have `owner` own all of it, also where an earlier run used another account."""
    for directory, _, files in os.walk(data):
        for path in (Path(directory), *(Path(directory, name) for name in files)):
            with contextlib.suppress(FileNotFoundError):  # sessions of a killed server end late
                own(path, owner)


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is read at any time, and stays as it was where the disk is full."""
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)
