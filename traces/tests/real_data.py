"""GSM8K's files: they lie beside the repository, or where TUNIX_GSM8K says."""

import json
import os
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = Path(os.environ.get("TUNIX_GSM8K") or settings.BASE_DIR.parent / "shared" / "data")


def read_problems(name: str) -> list[dict]:
    """Read all of `train` or `test`; the test that asks is skipped where the file is not there."""
    file = FOLDER / f"gsm8k_{name}.jsonl"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
