"""Hugging Face's library, from the training environment, on what is exported."""

import json
import os
import subprocess

import pytest
from django.conf import settings

from datasets.tests.exporting import export
from datasets.tests.factories import DatasetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

TRAINING_PYTHON = settings.BASE_DIR / ".venv-training" / "bin" / "python"
PROGRAM = """\
import json, sys, datasets
builder, file = sys.argv[1:]
rows = datasets.load_dataset(builder, data_files=file, split="train")
print(json.dumps([rows.column_names, rows[0]["id"], rows[0], len(rows)], default=str))
"""
LINES = ["id", "prompts", "final_answer", "metadata"]
TRACES = ["id", "prompts", "trace_steps", "final_answer", "metadata"]
COLUMNS = [
    *["id", "trace_version", "created_at", "source", "external_id", "prompt", "steps"],
    *["final_answer", "split", "metadata", "messages", "content_hash", "prompt_hash"],
]


@pytest.mark.skipif(not TRAINING_PYTHON.exists(), reason="the training environment is not there")
@pytest.mark.parametrize(
    ("fmt", "builder", "columns"),
    [("tunix_sft", "json", LINES), ("trace", "json", TRACES), ("parquet", "parquet", COLUMNS)],
)
def test_the_library_of_the_same_name_reads_an_export(reader, tmp_path, fmt, builder, columns):
    """Started by file path, a program finds Hugging Face's `datasets` and not this app."""
    traces = TraceFactory.create_batch(3)
    data = tmp_path / "train.data"
    data.write_bytes(export(reader, DatasetFactory(), fmt))
    program = tmp_path / "read.py"
    program.write_text(PROGRAM)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [TRAINING_PYTHON, program, builder, data],
        env={**environment, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, identity, row, count = json.loads(done.stdout)
    assert (found, identity, count) == (columns, str(traces[-1].id), 3)
    if fmt == "parquet":
        assert row["steps"] == traces[-1].steps
