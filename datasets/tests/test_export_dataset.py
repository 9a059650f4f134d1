"""python manage.py export_dataset."""

import contextlib
import gzip
import io
import os
import signal
import subprocess
import sys

import pytest
import zstandard
from django.core.management import CommandError, call_command

from datasets.formats.known import FORMATS
from datasets.services.delete import delete_dataset
from datasets.tests.exporting import EXPORTS, export
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from datasets.tests.test_export_streaming import lose_item
from events.tests.acting import acting
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.tests.live import MANAGE, environment_for, url_of_database, wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    TraceFactory.create_batch(12)
    return SplitDatasetFactory()


def run(*arguments) -> str:
    printed = io.StringIO()
    call_command("export_dataset", *map(str, arguments), stdout=printed)
    return printed.getvalue()


@pytest.mark.parametrize(("route", "fmt"), EXPORTS)
def test_the_file_holds_what_the_api_gives(reader, dataset, route, fmt, tmp_path):
    file = tmp_path / "a file"
    parquet = ["--parquet"] if route == "parquet" else []
    printed = run(dataset.key, "--format", fmt, "--output", file, *parquet)
    assert printed == f"Wrote 12 rows to {file}.\n"
    assert file.read_bytes() == export(reader, dataset, fmt, route=route)
    assert list(tmp_path.iterdir()) == [file]


def test_trace_is_the_default_and_a_split_can_be_named(reader, dataset, tmp_path):
    run(dataset.key, "--output", tmp_path / "all")
    assert (tmp_path / "all").read_bytes() == export(reader, dataset, "trace")
    run(dataset.key, "--output", tmp_path / "train", "--split", "train")
    assert (tmp_path / "train").read_bytes() == export(reader, dataset, "trace", split="train")


@pytest.mark.parametrize("metadata", ["object", "json", "none"])
def test_metadata_come_as_asked(reader, dataset, metadata, tmp_path):
    run(dataset.key, "--output", tmp_path / "rows", "--metadata", metadata)
    assert (tmp_path / "rows").read_bytes() == export(reader, dataset, metadata=metadata)


def test_the_suffix_compresses(reader, dataset, tmp_path):
    plain = export(reader, dataset)
    run(dataset.key, "--output", tmp_path / "rows.jsonl.gz")
    assert gzip.decompress((tmp_path / "rows.jsonl.gz").read_bytes()) == plain
    run(dataset.key, "--output", tmp_path / "rows.jsonl.zst")
    data = (tmp_path / "rows.jsonl.zst").read_bytes()
    assert zstandard.ZstdDecompressor().decompressobj().decompress(data) == plain


def test_a_closed_standard_output_is_said(dataset, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(CommandError, match="closed"):
        call_command("export_dataset", dataset.key, "--output", "-")


def test_standard_output_holds_the_rows_alone(reader, dataset, capfdbinary):
    call_command("export_dataset", dataset.key, "--output", "-")
    printed = capfdbinary.readouterr()
    assert printed.out == export(reader, dataset)
    assert b"12.0/12.0 [" in printed.err  # the progress bar


def test_a_quiet_one_shows_no_bar(dataset, tmp_path, capfd):
    run(dataset.key, "--output", tmp_path / "rows", "--verbosity", "0")
    assert "12.0" not in capfd.readouterr().err


def test_a_file_that_is_there_is_replaced_only_when_asked(dataset, tmp_path):
    file = tmp_path / "rows"
    file.write_text("mine")
    with pytest.raises(CommandError, match=r"rows is there already; --force replaces it\.$"):
        run(dataset.key, "--output", file)
    assert file.read_text() == "mine"
    run(dataset.key, "--output", file, "--force")
    assert file.read_bytes().count(b"\n") == 12


def test_what_is_no_file_is_never_replaced(dataset, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(CommandError, match="is no file"):
            run(dataset.key, "--output", path, "--force")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody-1"], "There is no dataset 'nobody-1'."),
        (["\udcff"], "There is no dataset '\\udcff'."),
        (["KEY", "--split", "test"], "split: Unknown split; this dataset's: train, validation."),
        (
            ["KEY", "--format", "csv"],
            f"Unknown format; known ones: {', '.join(FORMATS)}.",
        ),
        (
            ["KEY", "--format", "parquet", "--output", "rows.parquet.gz"],
            "A parquet file is compressed inside: no .gz.",
        ),
        (
            ["KEY", "--parquet", "--output", "rows.parquet.zst"],
            "A parquet file is compressed inside: no .zst.",
        ),
        (
            ["KEY", "--parquet", "--metadata", "object"],
            "metadata: Those of trace come as json or none.",
        ),
        (
            ["KEY", "--format", "record", "--metadata", "none"],
            "metadata: Those of record come as object or json.",
        ),
        (["KEY", "--output", "nowhere/rows"], "nowhere/rows: No such file or directory."),
    ],
)
def test_what_is_refused_is_said_in_one_line(dataset, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = [dataset.key if argument == "KEY" else argument for argument in arguments]
    with pytest.raises(CommandError) as refused:
        run("--output", "rows", *named)
    assert str(refused.value) == message
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_dataset_is_none(dataset, tmp_path):
    delete_dataset(dataset=dataset, by=acting())
    with pytest.raises(CommandError, match="There is no dataset"):
        run(dataset.key, "--output", tmp_path / "rows")


@pytest.mark.django_db(transaction=True)
def test_an_export_that_is_cut_short_leaves_no_file(dataset, tmp_path):
    lose_item(dataset, 3)
    with pytest.raises(CommandError, match="Dataset not found: deleted, 11 of 12 rows are there"):
        run(dataset.key, "--output", tmp_path / "rows")
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def program(*arguments, **options):
    """Run the command beside the block, as people do."""
    with subprocess.Popen(
        [sys.executable, MANAGE, "export_dataset", *map(str, arguments)],
        env=environment_for(url_of_database()),
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def large_dataset():
    """Build one that is still being written when the first bytes are seen."""
    steps = [{"i": i, "type": "reasoning", "content": "x" * 20_000} for i in range(2)]
    Trace.objects.bulk_create(TraceFactory.build_batch(1_000, steps=steps))
    return DatasetFactory()


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_export_leaves_no_file(tmp_path):
    dataset = large_dataset()
    directory = tmp_path / "exports"
    directory.mkdir()
    errors = tmp_path / "errors"
    with (
        errors.open("wb") as stderr,
        program(dataset.key, "--output", directory / "rows", stderr=stderr) as process,
    ):
        wait_until(lambda: any(directory.iterdir()))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert list(directory.iterdir()) == []
    assert "CommandError: Interrupted." in errors.read_text()
    assert "Traceback" not in errors.read_text()


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_has_enough_is_no_error(tmp_path):
    dataset = large_dataset()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with program(dataset.key, "--output", "-", "--verbosity", "0", **pipes) as process:
        assert process.stdout.readline().startswith(b'{"id":')
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0
