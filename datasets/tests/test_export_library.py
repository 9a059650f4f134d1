"""Hugging Face's library, from the training environment, on what is exported."""

import json
import os
import subprocess

import pytest
from django.conf import settings

from datasets.tests.exporting import LINES as LINE_FORMATS
from datasets.tests.exporting import export
from datasets.tests.factories import DatasetFactory
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

TRAINING_PYTHON = settings.BASE_DIR / ".venv-training" / "bin" / "python"
PROGRAM = """\
import json, sys, datasets
builder, file = sys.argv[1:]
rows = datasets.load_dataset(builder, data_files=file, split="train")
print(json.dumps([rows.column_names, rows[0], len(rows)], default=str))
"""
LINES = ["id", "prompts", "final_answer", "metadata"]
TRACES = ["id", "prompts", "trace_steps", "final_answer", "metadata"]
COLUMNS = [
    *["id", "trace_version", "created_at", "source", "external_id", "prompt", "steps"],
    *["final_answer", "split", "metadata", "messages", "content_hash", "prompt_hash"],
]


needs_the_library = pytest.mark.skipif(
    not TRAINING_PYTHON.exists(), reason="the training environment is not there"
)


def loaded(tmp_path, builder, body) -> list:
    """Give columns, first row and count of a file as the library loads it.

    Started by file path, a program finds Hugging Face's `datasets` and not this app.
    """
    data = tmp_path / "train.data"
    data.write_bytes(body)
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
    return json.loads(done.stdout)


@needs_the_library
@pytest.mark.parametrize(
    ("fmt", "builder", "columns"),
    [("tunix_sft", "json", LINES), ("trace", "json", TRACES), ("parquet", "parquet", COLUMNS)],
)
def test_the_library_of_the_same_name_reads_an_export(reader, tmp_path, fmt, builder, columns):
    traces = TraceFactory.create_batch(3)
    found, row, count = loaded(tmp_path, builder, export(reader, DatasetFactory(), fmt))
    assert (found, row["id"], count) == (columns, str(traces[-1].id), 3)
    if fmt == "parquet":
        assert row["steps"] == traces[-1].steps


@needs_the_library
@pytest.mark.parametrize("fmt", LINE_FORMATS)
def test_metadata_that_change_late_load_as_text(reader, tmp_path, fmt):
    """The library takes its columns from the first 10 MB."""
    steps = [{"i": 0, "type": "reasoning", "content": "x" * 12_000}]
    late = TraceFactory.build(  # the oldest, which comes last
        steps=steps,
        meta={"level": "five", "more": [{"a": None}], "source": "s"},
        tags=["late"],
        external_id="late",
        messages=[{"role": "user", "content": "late"}],
    )
    early = TraceFactory.build_batch(1_000, steps=steps, meta={"level": 5}, external_id=None)
    Trace.objects.bulk_create([late, *early])
    body = export(reader, DatasetFactory(recipe__limit=None), fmt, metadata="json")
    assert len(body) > 10 * 1024**2
    _, row, count = loaded(tmp_path, "json", body)
    assert count == 1_001
    text = row["meta" if fmt == "record" else "metadata"]
    assert json.loads(text)["level"] == 5
