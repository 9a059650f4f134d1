"""Runs the training programs as users do: by file path, in the training environment.

PYTHONPATH is taken out of their environment: with the repository on the path, `import datasets`
would find our app instead of the library that Tunix needs.
"""

import os
import subprocess
from pathlib import Path

from django.conf import settings

from tunix_site.errors import Unavailable

JOBS = settings.BASE_DIR / "training" / "jobs"
CONFIGS = settings.BASE_DIR / "training" / "configs"
MISSING = "The training environment is missing: run `make demo`."
PYTHON = settings.BASE_DIR / ".venv-training" / "bin" / "python"


class ProgramFailed(Exception):
    """A training program ended with an error; it has said which on stderr."""


def why_not_run() -> str:
    """Say why no program can be run, if so."""
    return "" if PYTHON.exists() else MISSING


def refuse_without_environment() -> None:
    """Refuse, over HTTP, what only the training environment could do; 503 where it is missing."""
    if reason := why_not_run():
        raise Unavailable(reason)


def command_of(name: str, **arguments: str | int | Path) -> list[str]:
    """Give a program's command; an argument `eval_set` is --eval-set, and one that is True a flag.

    ProgramFailed where the training environment is missing.
    """
    if not PYTHON.exists():
        raise ProgramFailed(MISSING)
    command = [str(PYTHON), str(JOBS / f"{name}.py")]
    for option, value in arguments.items():
        command += [f"--{option.replace('_', '-')}", *([] if value is True else [str(value)])]
    return command


def environment() -> dict[str, str]:
    """Give the environment of the programs: ours, without what would hide their libraries."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {"JAX_PLATFORMS": "cpu", **kept}


def run_program(name: str, **arguments: str | int | Path) -> None:
    """Run a program to its end; it shows its own progress. Arguments are those of `command_of`."""
    from tunix_site.serving.processes import child_process

    command = command_of(name, **arguments)
    with child_process(command, env=environment(), stdin=subprocess.DEVNULL) as process:
        if process.wait() != 0:
            raise ProgramFailed(f"{name}.py ended with exit code {process.returncode}.")
