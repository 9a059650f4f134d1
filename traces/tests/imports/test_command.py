"""manage.py import_traces."""

import io
import json
import sys
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from jobs.models import Job
from traces.models import Review, Trace
from traces.tests.factories import BodyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """Run the command; give what it printed."""

    def call(*arguments):
        call_command("import_traces", *map(str, arguments))
        return capsys.readouterr().out

    return call


@pytest.fixture
def file(tmp_path):
    """Write records to a file."""

    def write(*records):
        path = tmp_path / "traces.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return write


def test_a_file_is_imported_once(run, file):
    path = file(BodyFactory(), BodyFactory())
    assert "2 lines (trace): 2 traces stored, 0 there already, 0 records bad." in run(path)
    assert "0 traces stored, 2 there already" in run(path)
    assert Trace.objects.count() == 2
    assert {job.state for job in Job.objects.all()} == {"succeeded"}


def test_standard_input_is_read(run, monkeypatch):
    data = json.dumps(BodyFactory()).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert "1 traces stored" in run("-")


def test_options_are_those_of_the_api(run, file):
    path = file({"prompt": "2+2?", "completion": "4"})
    run(path, "--format", "prompt_completion", "--source", "mine")
    assert Trace.objects.get().source == "mine"
    with pytest.raises(CommandError, match="every record is bad"):
        run(path, "--format", "gsm8k")


def test_errors_go_to_a_file_beside(run, file, tmp_path):
    path = file(BodyFactory(), {**BodyFactory(), "prompt": ""})
    out = run(path)
    assert "The first: line 2, prompt: This field may not be blank." in out
    errors = tmp_path / "traces.jsonl.errors.jsonl"
    assert str(errors) in out
    assert json.loads(errors.read_text()) == {
        "line": 2,
        "field": "prompt",
        "message": "This field may not be blank.",
    }
    named = tmp_path / "errors"
    run(path, "--errors", named)
    assert named.read_text() == errors.read_text()


def test_errors_that_are_not_kept_are_counted(run, file, monkeypatch):
    monkeypatch.setattr("jobs.progress.KEPT_ERRORS", 1)
    path = file(BodyFactory(), *({**BodyFactory(), "prompt": ""} for _ in range(3)))
    assert "All but 2 of them: " in run(path)


def test_a_bad_record_may_end_it(run, file):
    path = file(BodyFactory(), {**BodyFactory(), "prompt": ""})
    with pytest.raises(CommandError, match="Nothing was stored: a record is bad"):
        run(path, "--on-error", "abort")
    assert not Trace.objects.exists()


def test_a_dry_run_shows_traces_and_keeps_nothing(run, file):
    out = run(file(BodyFactory(prompt="What is it?")), "--dry-run")
    assert "1 traces would be stored" in out
    assert '"prompt": "What is it?"' in out
    assert not Trace.objects.exists()


def test_verdicts_take_effect_and_a_user_may_stand_for_them(run, file, django_user_model):
    django_user_model.objects.create_user("ada")
    path = file({"prompt": "2+2?", "chosen": "4", "rejected": "5"})
    assert "signed" not in run(path, "--user", "ada")
    assert set(Trace.objects.values_list("status", flat=True)) == {"approved", "rejected"}
    assert {review.reviewer.username for review in Review.objects.all()} == {"ada"}


def test_without_a_user_verdicts_take_effect_unsigned_and_that_is_said(run, file):
    path = file({"prompt": "2+2?", "chosen": "4", "rejected": "5"})
    told = "Nobody signed the verdicts or step labels of 2 traces, and 1 preferences:"
    for more in (["--dry-run"], []):
        out = run(path, *more)
        assert told in out
        assert "Say who signs with --user NAME" in out
    assert "signed" not in run(path)  # nothing is new
    assert set(Trace.objects.values_list("status", flat=True)) == {"approved", "rejected"}
    assert not Review.objects.exists()


def test_what_cannot_be_read_is_said_in_a_sentence(run, file, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "missing")
    with pytest.raises(CommandError, match="Is a directory"):
        run(tmp_path)
    with pytest.raises(CommandError, match="There is no user 'nobody'"):
        run(file(BodyFactory()), "--user", "nobody")
    with pytest.raises(CommandError, match="not recognised"):
        run(file({"a": 1}))
    with pytest.raises(CommandError, match="invalid choice"):
        run(file(BodyFactory()), "--format", "nothing")


def test_an_interrupted_import_says_that_it_can_go_on(run, file, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("traces.management.commands.import_traces.import_stream", interrupted)
    with pytest.raises(CommandError, match="goes on from there") as error:
        run(file(BodyFactory()))
    assert error.value.returncode == 130


@pytest.mark.parametrize("source", ["", "s" * 129, "\udced"])
def test_a_source_that_the_api_refuses_is_refused(run, file, source):
    with pytest.raises(CommandError, match="--source"):
        run(file(BodyFactory()), "--source", source)
    assert not Job.objects.exists()


def test_the_errors_of_a_file_that_is_bad_throughout_are_told(run, tmp_path, capsys):
    path = tmp_path / "traces.jsonl"
    path.write_text("{broken\n{too\n")
    with pytest.raises(CommandError, match="every record is bad"):
        run(path)
    assert "2 lines (of no format): 0 traces stored" in capsys.readouterr().out
    assert len((tmp_path / "traces.jsonl.errors.jsonl").read_text().splitlines()) == 2
