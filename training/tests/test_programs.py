"""How the training programs are run."""

import json
import os
import sys

import pytest
from django.conf import settings

from training import programs
from training.programs import CONFIGS, JOBS, ProgramFailed, run_program

ECHO = """
import json, os, sys
output = sys.argv[sys.argv.index("--output") + 1]
with open(output, "w") as file:
    json.dump({
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "path": sys.path,
        "stdin": sys.stdin.read(),
    }, file)
sys.exit(int(os.environ.get("EXIT_CODE", "0")))
"""


@pytest.fixture
def echo(monkeypatch, tmp_path):
    """Put a program in place that tells how it was run."""
    (tmp_path / "echo.py").write_text(ECHO)
    monkeypatch.setattr(programs, "JOBS", tmp_path)
    monkeypatch.setattr(programs, "PYTHON", programs.Path(sys.executable))

    def run(**arguments):
        output = tmp_path / "output.json"
        run_program("echo", output=output, **arguments)
        return json.loads(output.read_text())

    return run


def test_arguments_become_flags(echo, tmp_path):
    told = echo(eval_set=tmp_path / "a file", seed=0, model="base")
    assert told["arguments"] == [
        "--output",
        str(tmp_path / "output.json"),
        "--eval-set",
        str(tmp_path / "a file"),
        "--seed",
        "0",
        "--model",
        "base",
    ]


def test_the_repository_is_not_on_the_path_of_programs(echo, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(settings.BASE_DIR))
    told = echo()
    assert "PYTHONPATH" not in told["environment"]
    assert str(settings.BASE_DIR) not in told["path"]
    assert told["path"][0] == str(tmp_path)
    assert os.environ["PYTHONPATH"] == str(settings.BASE_DIR)


def test_programs_run_on_the_cpu_unless_told_otherwise(echo, monkeypatch):
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    assert echo()["environment"]["JAX_PLATFORMS"] == "cpu"
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    assert echo()["environment"]["JAX_PLATFORMS"] == "cuda"


def test_programs_ask_nothing(echo):
    assert echo()["stdin"] == ""


def test_a_program_that_fails_says_with_which_code(echo, monkeypatch):
    monkeypatch.setenv("EXIT_CODE", "3")
    with pytest.raises(ProgramFailed, match=r"^echo.py ended with exit code 3.$"):
        echo()


def test_without_the_environment_nothing_is_run(echo, monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "PYTHON", tmp_path / "no python")
    with pytest.raises(ProgramFailed, match=r"environment is missing: run `make demo`"):
        echo()
    assert not (tmp_path / "output.json").exists()


@pytest.mark.skipif(not programs.PYTHON.exists(), reason="the training environment is not there")
def test_a_real_program_finds_the_library_and_not_the_app(tmp_path, monkeypatch):
    """Both are called `datasets`; Tunix needs Hugging Face's."""
    monkeypatch.setenv("PYTHONPATH", str(settings.BASE_DIR))
    (tmp_path / "whose.py").write_text(
        "import sys, datasets\nopen(sys.argv[2], 'w').write(datasets.load_dataset.__module__)\n"
    )
    monkeypatch.setattr(programs, "JOBS", tmp_path)
    run_program("whose", output=tmp_path / "answer")
    assert (tmp_path / "answer").read_text() == "datasets.load"


@pytest.mark.skipif(not programs.PYTHON.exists(), reason="the training environment is not there")
def test_a_real_program_refuses_a_missing_file(tmp_path, capfd):
    with pytest.raises(ProgramFailed, match=r"report.py ended with exit code 2"):
        run_program(
            "report",
            before=tmp_path / "nowhere.jsonl",
            after=tmp_path / "nowhere.jsonl",
            eval_set=tmp_path / "nowhere.jsonl",
            output=tmp_path / "out",
        )
    assert "nowhere.jsonl" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_program_and_configuration_of_the_demo_is_there():
    for name in ("problems", "sft", "generate", "report"):
        assert (JOBS / f"{name}.py").is_file()
    for name in ("demo_addition_cpu", "demo_addition_cpu_answer_only"):
        assert (CONFIGS / f"{name}.yaml").is_file()
