"""`.ci/checks` runs what covers changed files, says what it leaves out, and fails with a target."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pages import ROOT

MAKEFILE = """\
check-pythons check-postgres check-client check-datasets check-trl check-openapi:
\t@echo $@ >> ran; test ! -e failing
"""
IDENTITY = [option for name in ("name", "email") for option in ("-c", f"user.{name}=t@example.org")]


class Checkout:
    """A repository of a few files, with the program in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / ".ci").mkdir()
        shutil.copy(ROOT / ".ci" / "checks", directory / ".ci" / "checks")
        (directory / "Makefile").write_text(MAKEFILE)
        (directory / "initdb").write_text("#!/bin/sh\n")
        (directory / "initdb").chmod(0o755)
        self.git("init", "--quiet")
        self.git("add", ".ci", "Makefile")
        for name in ("jobs/apps.py", "traces/apps.py", "traces/models.py"):
            self.commit(name)

    def git(self, *arguments: str) -> None:
        command = ["git", *IDENTITY, *arguments]
        subprocess.run(command, cwd=self.directory, check=True, capture_output=True)

    def commit(self, name: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write("more\n")
        self.git("add", name)
        self.git("commit", "--quiet", "--message", name)

    def check(self) -> tuple[int, str, list[str]]:
        """Run the checks; give the exit code, what was said, and the targets that ran."""
        (self.directory / "ran").unlink(missing_ok=True)
        done = subprocess.run(
            [self.directory / ".ci" / "checks"],
            cwd=self.directory,
            env={"PATH": f"{self.directory}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        ran = self.directory / "ran"
        return done.returncode, done.stdout, ran.read_text().split() if ran.exists() else []


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


OF_THE_SITE = ["check-pythons", "check-postgres"]
ALL = [*OF_THE_SITE, "check-client", "check-datasets", "check-trl", "check-openapi"]


def test_what_never_passed_is_run_and_what_passed_is_left_out_until_a_file_changes(checkout):
    assert checkout.check()[::2] == (0, ALL)
    code, said, ran = checkout.check()
    assert (code, ran) == (0, [])
    assert "check-pythons: no file that it covers changed since the last run" in said
    checkout.commit("docs.md")
    assert checkout.check()[2] == []
    checkout.commit("traces/models.py")
    assert checkout.check()[2] == [*OF_THE_SITE, "check-datasets", "check-openapi"]


def test_without_a_record_the_last_tag_counts(checkout):
    checkout.git("tag", "v1")
    code, said, ran = checkout.check()
    assert (code, ran) == (0, [])
    assert "no file that it covers changed since v1" in said
    checkout.commit("client/src/tunix_rt/client.py")
    assert checkout.check()[2] == ["check-pythons", "check-client"]
    checkout.commit("jobs/models.py")
    assert checkout.check()[2] == [*OF_THE_SITE, "check-openapi"]
    checkout.commit("requirements-datasets5.txt")
    assert checkout.check()[2] == ["check-datasets"]
    checkout.commit("traces/reasoning/writing.py")
    assert checkout.check()[2] == [*OF_THE_SITE, "check-datasets", "check-trl", "check-openapi"]


def test_a_target_that_fails_fails_the_run_and_is_run_again(checkout):
    (checkout.directory / "failing").touch()
    code, said, ran = checkout.check()
    assert (code, ran) == (1, ALL)
    assert said.endswith("Failed:\n  " + "\n  ".join(ALL) + "\n")
    (checkout.directory / "failing").unlink()
    assert checkout.check()[::2] == (0, ALL)


@pytest.mark.parametrize("name", ["traces/models.py", "traces/new.py"])
def test_what_passes_with_files_that_are_not_committed_is_not_recorded(checkout, name):
    of_traces = [*OF_THE_SITE, "check-datasets", "check-openapi"]
    checkout.check()
    with (checkout.directory / name).open("a") as file:
        file.write("not yet\n")
    for _ in range(2):
        code, said, ran = checkout.check()
        assert (code, ran) == (0, of_traces)
        assert "check-datasets: not recorded, since files are not committed" in said
    checkout.git("stash", "push", "--include-untracked", "--", "traces")
    assert checkout.check()[2] == []
    checkout.git("stash", "pop")
    checkout.commit(name)
    assert checkout.check()[2] == of_traces
    assert checkout.check()[2] == []
