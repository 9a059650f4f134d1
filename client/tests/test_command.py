"""The command `tunix-rt`: what it prints, what it writes, how it ends."""

import json
import os
import pty
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from datasets.models import Dataset
from datasets.tests.factories import SplitDatasetFactory
from jobs.models import Job
from jobs.tests.working import work_off
from tests.pages import ROOT
from traces.models import Trace
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from tunix_rt import Retries, __version__
from tunix_rt.command import console
from tunix_rt.command.cli import app
from tunix_site.serving.server_process import free_port

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

PROBLEM = '{"question": "Half of 18?", "answer": "18/2=9\\n#### 9"}\n'


@pytest.fixture
def environment(site, transactional_db, key_of, monkeypatch, tmp_path):
    variables = {"TUNIX_URL": site.url, "TUNIX_API_KEY": key_of("curator"), "NO_PROXY": "127.0.0.1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return variables


@pytest.fixture
def run(environment):
    """Run it in this process; give its end and what it printed."""

    def call(*arguments, ends_with=0, **options):
        done = CliRunner().invoke(app, [*map(str, arguments)], **options)
        assert done.exit_code == ends_with, done.output
        return done

    return call


def program(*arguments, **options) -> subprocess.CompletedProcess:
    """Run it as a process, as an installation does."""
    return subprocess.run(
        [sys.executable, "-m", "tunix_rt.command.cli", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "client" / "src")},
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def objects(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_files_are_imported(run, tmp_path):
    for name, text in (("a.jsonl", PROBLEM), ("b.jsonl", PROBLEM + '{"question": 1}\n')):
        (tmp_path / name).write_text(text)
    done = run("import", "a.jsonl", "b.jsonl", "--source", "book")
    first, second, error = done.stdout.splitlines()
    assert first == "a.jsonl: 1 lines (gsm8k): 1 traces stored, 0 there already, 0 records bad."
    assert second.endswith("0 traces stored, 1 there already, 1 records bad.")
    assert error.startswith("  line 2, ")
    assert set(Trace.objects.values_list("source", flat=True)) == {"book"}


def test_what_an_import_would_do_is_told_as_json(run, tmp_path):
    (tmp_path / "a.jsonl").write_text(PROBLEM)
    [summary] = objects(run("import", "a.jsonl", "--dry-run", "--json").stdout)
    assert (summary["file"], summary["created_count"]) == ("a.jsonl", 1)
    assert not Trace.objects.exists()


def test_a_file_that_is_refused_does_not_hold_up_the_others(run, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"odd": 1}\n')
    (tmp_path / "good.jsonl").write_text(PROBLEM)
    done = run("import", "bad.jsonl", "good.jsonl", ends_with=1)
    assert "bad.jsonl: POST /api/traces/import: 400" in done.stderr
    assert done.stdout.startswith("good.jsonl: 1 lines")


def test_a_line_that_is_no_record_is_told_without_a_field(run, tmp_path):
    (tmp_path / "a.jsonl").write_text(PROBLEM + "nothing\n" * 5)
    text = run("import", "a.jsonl").stdout
    assert "\n  line 2: The line is not JSON" in text
    hint = text.splitlines()[-1].partition("tunix-rt ")[2]
    assert run(*hint.split()).stdout.startswith("line 2: The line is not JSON")


def test_all_errors_of_an_import_are_shown_by_its_job(run, tmp_path):
    (tmp_path / "a.jsonl").write_text(PROBLEM + '{"question": 1}\n' * 5)
    text = run("import", "a.jsonl").stdout
    hint = text.splitlines()[-1].partition("tunix-rt ")[2]
    assert len(run(*hint.split()).stdout.splitlines()) == 5
    assert [row["line"] for row in objects(run(*hint.split(), "--json").stdout)] == [2, 3, 4, 5, 6]


def test_a_dataset_is_exported_to_a_file(run, tmp_path):
    TraceFactory.create_batch(4)
    dataset = SplitDatasetFactory()
    count = dataset.stats["split_counts"]["train"]
    done = run("export", dataset.key, "--format", "tunix_sft", "--split", "train")
    written = tmp_path / f"{dataset.key}.train.tunix_sft.jsonl"
    assert len(written.read_bytes().splitlines()) == count
    size = written.stat().st_size
    assert done.stdout == f"Wrote {count} rows, {size:,} bytes, to {written.name}.\n"
    done = run("export", dataset.key, "-o", "all.jsonl", "--json", "--with", "metadata=none")
    [result] = objects(done.stdout)
    assert (result["path"], result["row_count"]) == ("all.jsonl", 4)
    assert result["content_digest"] == dataset.content_digest


def test_an_export_goes_to_standard_output(run, site_as):
    TraceFactory.create_batch(4)
    key = SplitDatasetFactory().key
    got = run("export", key, "-o", "-")
    assert got.stdout_bytes == site_as("reader").get(f"/api/datasets/{key}/export.jsonl").content


def test_a_file_is_replaced_only_with_force(environment, tmp_path):
    TraceFactory()
    key = SplitDatasetFactory().key
    target = tmp_path / "out.jsonl"
    target.write_text("mine")
    done = program("export", key, "-o", target)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"{target} is there already; --force (overwrite=True in Python) replaces it.\n"
    )
    assert program("export", key, "-o", target, "--force").returncode == 0
    assert target.read_text() != "mine"


def test_a_parquet_file_has_its_name(run, tmp_path):
    TraceFactory()
    key = SplitDatasetFactory().key
    for arguments, name in (
        (["--format", "parquet"], f"{key}.parquet"),
        (["--parquet"], f"{key}.trace.parquet"),
        (
            ["--parquet", "--format", "tunix_sft", "--split", "train"],
            f"{key}.train.tunix_sft.parquet",
        ),
        (["--parquet", "--format", "table", "--split", "train"], f"{key}.train.parquet"),
    ):
        done = run("export", key, *arguments)
        assert f"to {name}" in done.stdout
        assert (tmp_path / name).read_bytes().startswith(b"PAR1")
    refused = run("export", key, "--parquet", "-o", "-", ends_with=2)
    assert "Parquet is written to a file alone" in " ".join(refused.stderr.split())


def test_a_dataset_is_built_of_what_matches(run):
    ApprovedTraceFactory.create_batch(3, meta={"digits": 2, "word": "2"})
    ApprovedTraceFactory(meta={"digits": 3})
    TraceFactory(meta={"digits": 2})
    arguments = ["build", "sums", "1", "--where", "status=approved", "--filter", "digits=2"]
    text = run(*arguments, "--filter", 'word="2"', "--all").stdout
    digest = Dataset.objects.get().content_digest
    assert text == f"sums-1: 3 traces, {digest}\n"
    splits = ["--split", "train=0.5", "--split", "test=0.5", "--strategy", "random", "--seed", "7"]
    [built] = objects(run("build", "sums", "2", "--limit", "2", *splits, "--json").stdout)
    assert built["trace_count"] == 2
    assert Dataset.objects.get(version="2").splits == {"train": 0.5, "test": 0.5}


def test_the_rest_of_a_recipe_comes_as_json(run):
    TraceFactory.create_batch(3)
    text = '{"provenance": {"why": "a test"}, "limit": 1}'
    run("build", "sums", "1", "--recipe", "-", input=text)
    assert Dataset.objects.get().provenance == {"why": "a test"}
    assert Dataset.objects.get().trace_count == 1


def test_what_there_is_is_listed(run):
    traces = [TraceFactory(prompt=f"Question\n{n}", status="approved") for n in range(3)]
    TraceFactory()
    rows = run("traces", "--status", "approved", "--limit", "2").stdout.splitlines()
    assert rows == [
        f"{trace.pk}  approved    Question {n}" for n, trace in [*enumerate(traces)][:0:-1]
    ]
    got = objects(run("traces", "--where", "status=approved", "--json").stdout)
    assert [row["id"] for row in got] == [str(trace.pk) for trace in reversed(traces)]
    run("build", "sums", "1")
    assert run("datasets").stdout.endswith("  sums-1\n")


def test_a_job_is_shown_waited_for_and_cancelled(run, client_of):
    TraceFactory()
    first, second = (client_of().datasets.build_job("sums", version) for version in "12")
    assert [row["id"] for row in objects(run("jobs", "--kind", "build", "--json").stdout)] == [
        second["id"],
        first["id"],
    ]
    cancelled = run("job", second["id"], "--cancel").stdout
    assert "cancelled" in cancelled
    work_off("builds")
    assert "succeeded" in run("job", first["id"], "--wait").stdout
    [shown] = objects(run("job", first["id"], "--json").stdout)
    assert shown["result"]["dataset_key"] == "sums-1"
    assert Job.objects.filter(state="succeeded").count() == 1
    failed = program("job", second["id"], "--wait")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"Job {second['id']} cancelled")


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "a", "1", "--where", "status"],
        ["build", "a", "1", "--all", "--limit", "3"],
        ["build", "a", "1", "--recipe", "-"],
        ["export"],
        ["import", "a.jsonl", "--on-error", "never"],
        ["nothing"],
    ],
)
def test_a_command_that_is_wrong_ends_with_2(run, arguments):
    assert run(*arguments, ends_with=2, input="[]").stdout == ""
    assert run(*arguments, ends_with=2, input="{").stderr


def test_what_the_site_refuses_is_a_sentence_and_1(environment):
    for arguments, said in (
        (["job", "x"], "GET /api/jobs/x: 404 "),
        (["export", "nobody-1"], "GET /api/datasets/nobody-1/export.jsonl: 404 "),
        (["traces", "--key", "wrong"], "GET /api/traces: 401 "),
        (["import", "nobody.jsonl"], "[Errno 2] No such file"),
        (["jobs", "--url", "nowhere"], "'nowhere' is no address"),
    ):
        done = program(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(said), done.stderr
        assert "Traceback" not in done.stderr


def test_a_site_that_is_away_is_a_sentence_too(monkeypatch):
    monkeypatch.setattr("tunix_rt.client.Retries", lambda: Retries(times=0))
    done = CliRunner().invoke(app, ["jobs", "--url", f"http://127.0.0.1:{free_port()}"])
    assert "Is the site there?" in str(done.exception)


def test_it_says_its_version_and_its_help():
    assert program("--version").stdout == f"{__version__}\n"
    shown = program("--help").stdout
    assert all(name in shown for name in ("import", "export", "build", "jobs", "job", "traces"))
    for name in ("import", "export", "build", "datasets", "jobs", "job", "traces"):
        shown = program(name, "--help").stdout
        assert "TUNIX_URL" in shown
        assert "--json" in shown


def test_a_terminal_is_shown_a_bar_and_a_log_lines(environment, tmp_path, monkeypatch, capsys):
    (tmp_path / "a.jsonl").write_text(PROBLEM * 1_000)
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "tunix_rt.command.cli", "import", "a.jsonl"]
    paths = {**os.environ, "PYTHONPATH": str(ROOT / "client" / "src"), "TERM": "xterm"}
    with os.fdopen(main, "rb", buffering=0) as screen:
        done = subprocess.run(
            command, env=paths, stderr=terminal, stdout=subprocess.PIPE, check=True
        )
        os.close(terminal)
        drawn = screen.read(65536).decode()
    assert "a.jsonl" in drawn
    assert "\x1b[" in drawn
    assert done.stdout.startswith(b"a.jsonl: 1,000 lines")
    monkeypatch.setattr(console, "SECONDS", 0)
    with console.progress("a.jsonl", of_bytes=True) as tell:
        tell(1_000, 2_000)
        tell(3_000, None)
    lines = ["a.jsonl: 1,000 of 2,000 bytes", "a.jsonl: 3,000 bytes"]
    assert capsys.readouterr().err.splitlines() == lines


def test_what_comes_from_elsewhere_cannot_command_the_terminal(run):
    TraceFactory(prompt="\x1b[2J\x9b2J\x07gone")
    shown = run("traces").stdout
    assert "gone" in shown
    assert not any(char in shown for char in "\x1b\x9b\x07")


@pytest.mark.parametrize(
    "command",
    [
        ["export", "set-1", "--with", "split=a"],
        ["export", "set-1", "--with", "progress=a"],
        ["traces", "--where", "limit=5"],
        ["traces", "--where", "meta=2"],
    ],
    ids=" ".join,
)
def test_a_parameter_with_an_option_of_its_own_is_refused(run, command):
    done = run(*command, ends_with=2)
    assert "has an option or argument of its own" in " ".join(done.stderr.replace("│", "").split())


@pytest.mark.parametrize("name", ["dataset_name", "dataset_version", "name", "version", "progress"])
def test_a_recipe_says_nothing_that_the_command_says(run, name):
    done = run("build", "new", "2", "--recipe", "-", input=json.dumps({name: "x"}), ends_with=2)
    assert f"The recipe holds '{name}'" in done.stderr
    assert not Dataset.objects.exists()
