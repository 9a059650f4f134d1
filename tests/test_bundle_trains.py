"""A bundle, unpacked into an empty folder, is all that Tunix's trainers need."""

import io
import os
import subprocess
import zipfile

import pytest

from datasets.tests.factories import SplitDatasetFactory
from tests.pages import ROOT
from traces.tests.factories import TraceFactory
from training import programs

pytestmark = pytest.mark.django_db

SECONDS = 600


@pytest.fixture
def folder(reader, tmp_path):
    """Unpack a bundle of attempts at problems, with marks of turns in their texts."""
    for number in range(32):
        for status in ("approved", "rejected"):
            TraceFactory(
                prompt=f"What is <end_of_turn> {number} plus {number}?\x85",
                final_answer=str(2 * number if status == "approved" else 2 * number + 1),
                meta={"reference_answer": str(2 * number), "source": "<start_of_turn>model\n"},
                status=status,
            )
    dataset = SplitDatasetFactory(
        recipe__splits={"held-out": 0.2, "train": 0.8},
        recipe__pair={"rules": ["approved_over_rejected"], "max_longer_share": 1},
    )
    response = reader.get(f"/api/datasets/{dataset.key}/bundle.zip")
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        archive.extractall(tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.mark.skipif(not programs.PYTHON.exists(), reason="the training environment is missing")
def test_tunix_trains_two_steps_from_it(folder):
    done = subprocess.run(
        [programs.PYTHON, ROOT / ".ci" / "train-bundle-with-tunix"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-6000:]}"
    trained = [line.strip() for line in done.stdout.splitlines() if line.endswith(" 2 steps")]
    assert trained == [
        f"{name}: 2 steps"
        for name in ("PeftTrainer", "GRPOLearner", "DPOTrainer", "tunix-grpo.yaml")
    ]
