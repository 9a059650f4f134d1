"""The data directory on disk: made whole, configured, and owned by the server's account."""

import os
import shutil
from pathlib import Path

from tunix_site.postgres.account import Account, own
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


def create(data: Path, programs: Programs) -> None:
    """Make a cluster aside and put it in place whole: an interruption leaves nothing."""
    say("Creating the embedded PostgreSQL (once)...")
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if programs.major_version < 17:
        locale = ["--locale=C.UTF-8"]
    programs.run(
        "initdb",
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        "--auth-local=peer",
        "--auth-host=reject",
        "--encoding=UTF8",
        "--data-checksums",
        "--no-instructions",
        *locale,
    )
    with (draft / "postgresql.conf").open("a") as configuration:
        configuration.write("include 'tunix.conf'\n")
    draft.rename(data)


def check_version(data: Path, ours: int) -> None:
    """Raise PostgresError where another version made the directory."""
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != str(ours):
        root = data.parent
        raise PostgresError(
            f"{data} was made by PostgreSQL {made_by} and this is {ours}. With the "
            f"earlier requirements: make backup FILE=tunix.dump; then mv {root} "
            f"{root}-{made_by} and make restore FILE=tunix.dump FORCE=1"
        )


def configure(data: Path, socket_dir: Path, account: Account) -> None:
    """Write what the server reads at its start: where it listens, and who may come."""
    files = {
        "tunix.conf": CONFIGURATION.format(port=PORT, socket_dir=socket_dir),
        "pg_hba.conf": "local all all peer map=ours\n",
        "pg_ident.conf": f'ours "{account.peer}" {ROLE}\nours "{account.peer}" {SUPERUSER}\n',
    }
    for name, text in files.items():
        _write_whole(data / name, text)


def give(data: Path, owner: int) -> None:
    """Have `owner` own all of it, also where an earlier run used another account."""
    for directory, _, files in os.walk(data):
        for path in (Path(directory), *(Path(directory, name) for name in files)):
            own(path, owner)


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is read at any time, and stays as it was where the disk is full."""
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)
