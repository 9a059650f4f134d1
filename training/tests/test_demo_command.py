"""The command `demo`: what it leaves behind, and the sentence that it ends with."""

import pytest
from django.core.management import CommandError, call_command

from datasets.models import Dataset
from training import programs
from training.programs import ProgramFailed
from training.tests.stand_ins import put_in_place
from tunix_site.models import ApiKey
from tunix_site.tests.live import SECRET_KEY, url_of_database

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stand_ins(monkeypatch):
    return put_in_place(monkeypatch)


@pytest.fixture(autouse=True)
def surroundings(settings, monkeypatch, tmp_path):
    """Have the command's own server use the tests' database."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setenv("DATABASE_URL", url_of_database())
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("TUNIX_VAR", str(tmp_path))


def test_it_closes_the_loop_and_leaves_no_key_behind(stand_ins, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    call_command("demo")
    said = capsys.readouterr().out
    assert "0.0% right before, 98.0% after, 50.0% without the steps" in said
    assert f"The report is {tmp_path / 'demo' / 'report.md'}" in said
    key = ApiKey.objects.get()
    assert (key.user.username, key.role, key.state) == ("demo", "curator", "revoked")
    assert not key.user.has_usable_password()


def test_it_can_be_repeated(stand_ins):
    call_command("demo")
    call_command("demo")
    assert {key.state for key in ApiKey.objects.all()} == {"revoked"}
    assert Dataset.objects.count() == 1


def test_a_missing_environment_ends_it_with_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "PYTHON", tmp_path / "no python")
    with pytest.raises(
        CommandError,
        match=r"^The loop did not close. The training environment is missing: run `make demo`",
    ):
        call_command("demo")
    assert ApiKey.objects.get().state == "revoked"


def test_a_check_that_is_not_met_ends_it_with_a_sentence(stand_ins):
    stand_ins.accuracy["after"] = 0.5
    with pytest.raises(
        CommandError, match=r"^The loop did not close. Not met: at least 90% right after.$"
    ):
        call_command("demo")


def test_a_program_that_fails_ends_it_with_a_sentence(stand_ins, monkeypatch):
    def fail(**arguments):
        raise ProgramFailed("sft.py ended with exit code 1.")

    monkeypatch.setattr(stand_ins, "sft", fail)
    with pytest.raises(CommandError, match=r"did not close. sft.py ended with exit code 1."):
        call_command("demo")


def test_a_refusal_of_the_site_ends_it_with_a_sentence(stand_ins):
    stand_ins.problems = refused_problems
    with pytest.raises(CommandError, match=r"did not close. POST /api/traces/batch: 400 "):
        call_command("demo")


def test_a_server_that_does_not_start_ends_it_with_a_sentence(stand_ins, monkeypatch):
    monkeypatch.setenv("TUNIX_WEB_THREADS", "many")
    with pytest.raises(CommandError, match=r"did not close. The server did not start: see "):
        call_command("demo")


def refused_problems(*, output, **arguments):
    output.write_text('{"prompt": ""}\n')
