"""Who runs the embedded PostgreSQL, which refuses to be root, and who owns its files."""

import contextlib
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunix_site.postgres.telling import PostgresError


@dataclass(frozen=True)
class Account:
    """Who runs the server: PostgreSQL refuses to be root.

    `wrapper` precedes every command, `identity` is given to subprocess, `owner` owns the files,
    `peer` is the name by which the server knows our own processes, `name` that for its programs.
    """

    peer: str
    name: str
    owner: int
    wrapper: tuple[str, ...] = ()
    identity: tuple[tuple[str, Any], ...] = ()


def find_account(root: Path, binaries: Path) -> Account:
    """Decide who runs the server; PostgresError where we are root and nobody else can."""
    us = pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() != 0:
        return Account(peer=us, name=us, owner=os.getuid())
    them = _unprivileged()
    identity = {"user": them.pw_uid, "group": them.pw_gid, "extra_groups": []}
    if succeeds(["test", "-x", str(root.parent)], **identity) and succeeds(
        [str(binaries / "postgres"), "--version"], **identity
    ):
        return Account(
            peer=us, name=them.pw_name, owner=them.pw_uid, identity=tuple(identity.items())
        )
    # Somewhere above, a directory is closed to everyone but root. In a user namespace we are
    # somebody else by name, which satisfies PostgreSQL, and have no privilege over the system.
    wrapper = (
        "unshare",
        "--user",
        f"--map-user={them.pw_uid}",
        f"--map-group={them.pw_gid}",
        "--",
    )
    if succeeds([*wrapper, "true"]):
        return Account(peer=them.pw_name, name=them.pw_name, owner=0, wrapper=wrapper)
    raise PostgresError(
        f"PostgreSQL refuses to run as root, and the account {them.pw_name} cannot enter "
        f"{root.parent}. Run this as an ordinary user, move it to where that account can read, "
        "set TUNIX_VAR to such a place, or name a server in DATABASE_URL."
    )


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresError("PostgreSQL refuses to run as root, and there is no account `nobody`.")


def succeeds(command: Sequence[str], **options: Any) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False, cwd="/", **options)
    except OSError:
        return False
    return done.returncode == 0


def private_directory(path: Path, owner: int) -> None:
    """Make a directory that only `owner` can enter; PostgresError where somebody else has it."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or not path.is_dir() or found.st_uid not in (owner, os.getuid()):
        raise PostgresError(f"{path} belongs to somebody else: remove it, or set TUNIX_VAR.")
    path.chmod(0o700)
    own(path, owner)


def own(path: Path, owner: int) -> None:
    if path.lstat().st_uid != owner:
        os.chown(path, owner, -1, follow_symlinks=False)
