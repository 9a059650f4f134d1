"""Runs the training programs as users do: by file path, in the training environment.

PYTHONPATH is taken out of their environment: with the repository on the path, `import datasets`
would find our app instead of the library that Tunix needs.
"""

import os
import subprocess
from pathlib import Path

from django.conf import settings

JOBS = settings.BASE_DIR / "training" / "jobs"
CONFIGS = settings.BASE_DIR / "training" / "configs"
PYTHON = settings.BASE_DIR / ".venv-training" / "bin" / "python"


class ProgramFailed(Exception):
    """A training program ended with an error; it has said which on stderr."""


def run_program(name: str, **arguments: str | int | Path) -> None:
    """Run a program to its end; it shows its own progress. An argument `eval_set` is --eval-set."""
    from tunix_site.serving.processes import child_process

    if not PYTHON.exists():
        raise ProgramFailed("The training environment is missing: run `make demo`.")
    command = [str(PYTHON), str(JOBS / f"{name}.py")]
    for option, value in arguments.items():
        command += [f"--{option.replace('_', '-')}", str(value)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment.setdefault("JAX_PLATFORMS", "cpu")
    with child_process(command, env=environment, stdin=subprocess.DEVNULL) as process:
        if process.wait() != 0:
            raise ProgramFailed(f"{name}.py ended with exit code {process.returncode}.")
