"""Tokens a second of the trainer, against a JAX loop of the same model and batches."""

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Site
from training.programs import JOBS, PYTHON
from tunix_site.serving.processes import child_process

CONFIG = settings.BASE_DIR / "benchmarks" / "trainer.yaml"
LOOP = settings.BASE_DIR / "benchmarks" / "jax_loop.py"
TRAINING_ROWS = 1_000
COMPILED_BY = 5  # the step from which on nothing is compiled


def measure(site: Site, directory: Path, *, rounds: int) -> Iterator[Result]:
    """Run both programs in turn; a run's figure is the median of its steps."""
    data = directory / "train.jsonl"
    with site.client() as client:
        key = client.datasets.build("trainer", "1", limit=TRAINING_ROWS)["dataset_key"]
        client.datasets.export(key, data, format="tunix_sft")
    trained, looped = [], []
    for _ in range(rounds):
        trained.append(_trainer(data, directory / "run"))
        looped.append(_loop(data, directory / "loop.jsonl"))
    yield Result(
        name="trainer, compilation excluded",
        kind="share",
        measured=statistics.median(trained),
        unit="tokens/s",
        baseline=statistics.median(looped),
        against="plain JAX loop",
    )


def _trainer(data: Path, output: Path) -> float:
    shutil.rmtree(output, ignore_errors=True)
    _run(JOBS / "sft.py", "--config", CONFIG, "--data", data, "--output", output)
    return _tokens_per_second((output / "metrics.jsonl").read_text().splitlines())


def _loop(data: Path, output: Path) -> float:
    with output.open("wb") as file:
        _run(LOOP, "--config", CONFIG, "--data", data, stdout=file)
    return _tokens_per_second(output.read_text().splitlines())


def _tokens_per_second(lines: Iterable[str]) -> float:
    steps = [json.loads(line) for line in lines]
    measured = [step["tokens_per_second"] for step in steps if step["step"] > COMPILED_BY]
    median: float = statistics.median(measured)
    return median


def _run(program: Path, *arguments: str | Path, **options: Any) -> None:
    """Run a program by its path in the training environment, which must not see our `datasets`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment.setdefault("JAX_PLATFORMS", "cpu")
    command = [str(PYTHON), str(program), *map(str, arguments)]
    with child_process(command, env=environment, stdin=subprocess.DEVNULL, **options) as process:
        if process.wait() != 0:
            raise BenchmarkFailed(f"{program.name} ended with exit code {process.returncode}.")
