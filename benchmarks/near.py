"""Near duplicates among stored signatures, verified by the texts, against datasketch."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed
from benchmarks.texts import attempts
from datasets.recipe.text.near_duplicates import STAYS, near_duplicates
from traces.finding.minhash import minima_of

PYTHON = settings.BASE_DIR / ".venv-bench" / "bin" / "python"
PROGRAM = settings.BASE_DIR / "benchmarks" / "datasketch_near.py"
THRESHOLD = 0.9


def measure(directory: Path, *, traces: int, others: int) -> Iterator[Result]:
    """Compare so many; and `others`, of which datasketch takes longer: 0 leaves these out."""
    texts = list(attempts(traces, seed=3))
    seconds = _seconds(texts)
    yield Result(
        name=f"near duplicates among {traces:,} stored signatures, verified",
        kind="absolute",
        measured=seconds,
        unit="CPU s",
        required=traces / 10_000,
        hoped=traces / 25_000,
    )
    if not others:
        return
    some = texts[:others]
    yield Result(
        name=f"near duplicates among {len(some):,} texts",
        kind="share",
        measured=len(some) / _seconds(some),
        unit="texts/s",
        baseline=len(some) / _datasketch(directory, some),
        against="datasketch",
        required=5,
    )


def _seconds(texts: list[str]) -> float:
    minima = minima_of(texts)
    started = time.process_time()
    found = near_duplicates(
        minima, threshold=THRESHOLD, texts=lambda rows: ((row, [texts[row]]) for row in rows)
    )
    seconds = time.process_time() - started
    if not (found.like != STAYS).any():
        raise BenchmarkFailed("No near duplicate was found.")
    return seconds


def _datasketch(directory: Path, texts: list[str]) -> float:
    """Give the processor seconds that it takes in a process of its own."""
    if not PYTHON.exists():
        raise BenchmarkFailed("Its environment is missing: run `make bench`.")
    file = directory / "texts.json"
    file.write_text(json.dumps(texts))
    command = [str(PYTHON), str(PROGRAM), str(file), str(THRESHOLD)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(ran.stdout)["seconds"])
