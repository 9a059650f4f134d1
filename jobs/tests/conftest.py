"""Kinds of jobs for the tests, quick beats and workers."""

import contextlib
import subprocess
import sys

import pytest

from jobs.kinds import KINDS, Kind
from jobs.services import beats
from tunix_site.models import Role
from tunix_site.tests.live import MANAGE, environment_for, url_of_database


@pytest.fixture(autouse=True)
def quick_beats(settings, monkeypatch):
    """Have the beats of a lease of a second in one that no stall of the machine outlasts."""
    settings.JOB_LEASE_SECONDS = 30
    monkeypatch.setattr(beats, "BEATS_PER_LEASE", 450)


@pytest.fixture
def short_lease(settings, quick_beats, monkeypatch):
    settings.JOB_LEASE_SECONDS = 1
    monkeypatch.setattr(beats, "BEATS_PER_LEASE", 15)


@pytest.fixture
def kinds(monkeypatch):
    """Add kinds: one of a queue whose work the test gives, and one without a queue."""
    work = {}

    def run(job, progress, by):
        return work["run"](job, progress)

    added = {
        "sum": Kind(name="sum", role=Role.WRITER, queue="bulk", run=run),
        "read": Kind(name="read", role=Role.WRITER),
    }
    for name, kind in added.items():
        monkeypatch.setitem(KINDS, name, kind)
    return work


@pytest.fixture
def work(tmp_path):
    """Start workers, whose TUNIX_VAR is `tmp_path`. None is left at the end."""
    environment = environment_for(
        url_of_database(), TUNIX_JOB_LEASE_SECONDS="2", TUNIX_VAR=str(tmp_path)
    )
    with contextlib.ExitStack() as started:

        def start(*arguments) -> subprocess.Popen:
            process = subprocess.Popen(
                [sys.executable, str(MANAGE), "work", *arguments],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield start


@pytest.fixture(autouse=True)
def nothing_is_interrupted():
    """Forget that the test had this process end."""
    yield
    beats._interrupted.clear()
