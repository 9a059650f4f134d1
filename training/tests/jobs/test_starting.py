"""Programs are started by their file, and then `datasets` is Hugging Face's and not our app."""

import os
import subprocess
import sys

import pytest
from helpers import JOBS, ROOT, WEB_PYTHON, run, sft_line, write_config, write_lines

SAY = "import datasets; print('datasets is', datasets.__file__)\n"
PROGRAMS = ["generate", "problems", "report", "sft"]


def test_a_program_started_as_users_do_gets_hugging_faces_datasets(tmp_path):
    """From the repository's root, and asked once it has imported all that training needs."""
    config = write_config(tmp_path / "config.yaml")
    data = write_lines(tmp_path / "data.jsonl", [sft_line(number) for number in range(8)])
    program = ["training/jobs/sft.py", "--config", config, "--data", data]
    done = subprocess.run(
        [sys.executable, "-i", *program, "--output", tmp_path / "out", "--dry-run"],
        cwd=ROOT,
        input=SAY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"examples": 8' in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("datasets is")]
    assert "site-packages" in line
    assert str(ROOT / "datasets") not in line


RUN_PROGRAM = """
import os, pathlib, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tunix_site.settings"
from training import programs
programs.JOBS = pathlib.Path(sys.argv[1])
programs.run_program("probe", output=pathlib.Path(sys.argv[2]))
"""
PROBE = """
import sys
import datasets
import pathlib
pathlib.Path(sys.argv[2]).write_text(datasets.__file__)
"""


def test_the_site_starts_programs_without_its_own_path(tmp_path):
    if not WEB_PYTHON.exists():
        pytest.skip("The site runs in the web environment: make .venv/.ready")
    (tmp_path / "probe.py").write_text(PROBE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TUNIX_VAR": str(tmp_path / "var")}
    subprocess.run(
        [WEB_PYTHON, "-c", RUN_PROGRAM, tmp_path, tmp_path / "found"],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    found = (tmp_path / "found").read_text()
    assert "site-packages" in found
    assert str(ROOT / "datasets") not in found


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_explains_itself(program):
    out, _ = run(program, "--help")
    assert out.startswith(f"usage: {program}.py")


def test_every_program_is_tested():
    programs = {path.stem for path in JOBS.glob("*.py") if "__main__" in path.read_text()}
    assert programs == set(PROGRAMS)
