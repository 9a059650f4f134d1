"""Child processes that cannot outlive us."""

import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tunix_site.serving import processes
from tunix_site.serving.processes import KeptProcess, child_process, die_with_parent
from tunix_site.tests.live import wait_until

ROOT = Path(__file__).parents[3]
SLEEP = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('begun', flush=True); time.sleep(600)",
]


def test_a_child_ends_with_the_block():
    with child_process(SLEEP, stdout=subprocess.PIPE, text=True) as child, child.stdout as printed:
        assert printed.readline() == "begun\n"
        assert child.poll() is None
    assert child.returncode == -15


def test_a_child_ends_when_the_block_breaks():
    with (
        pytest.raises(KeyboardInterrupt),
        child_process(SLEEP, stdout=subprocess.DEVNULL) as child,
    ):
        raise KeyboardInterrupt
    assert child.returncode == -15


def test_a_stubborn_child_is_killed(monkeypatch):
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.2)
    with (
        child_process(STUBBORN, stdout=subprocess.PIPE, text=True) as child,
        child.stdout as printed,
    ):
        assert printed.readline() == "begun\n"
    assert child.returncode == -9


def test_a_second_signal_does_not_break_into_what_the_first_has_begun():
    code = (
        "import signal, time\nfrom tunix_site.serving.processes import exit_on\n"
        "exit_on(signal.SIGTERM, signal.SIGHUP)\n"
        "try:\n    print('begun', flush=True)\n    time.sleep(600)\n"
        "finally:\n    print('ending', flush=True)\n    time.sleep(0.5)\n"
        "    print('cleared up', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "begun\n"
        child.terminate()
        assert child.stdout.readline() == "ending\n"
        child.send_signal(signal.SIGHUP)
        child.terminate()
        assert child.stdout.readline() == "cleared up\n"
    assert child.returncode == 128 + signal.SIGTERM


def test_a_child_ends_when_its_parent_is_killed():
    code = (
        "from tunix_site.serving.processes import child_process\nimport sys, time\n"
        "with child_process(['sleep', '600']) as child:\n"
        "    print(child.pid, flush=True)\n    time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        child = Path(f"/proc/{int(parent.stdout.readline())}/stat")
        parent.kill()
    wait_until(lambda: not child.exists() or ") Z " in child.read_text())


@pytest.fixture
def kept():
    process = KeptProcess([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.stop()


def test_a_kept_process_is_started_once(kept):
    kept.keep()
    first = kept.process
    kept.keep()
    assert kept.process is first
    kept.stop()
    assert first.returncode == -15


def test_a_kept_process_that_ended_is_started_again_after_a_pause(kept, monkeypatch):
    monkeypatch.setattr(processes, "PAUSE_SECONDS", 600)
    kept.keep()
    kept.process.kill()
    kept.process.wait()
    kept.keep()
    assert kept.process is None
    kept.not_before = 0.0  # the pause is over
    kept.keep()
    assert kept.process.poll() is None


def test_a_fork_leaves_a_kept_process_alone(kept, monkeypatch):
    kept.keep()
    monkeypatch.setattr(kept, "keeper", 1)  # as if a process above us had started it
    kept.stop()
    assert kept.process.poll() is None
    monkeypatch.undo()


def test_what_was_never_started_is_stopped_without_a_word(kept):
    kept.stop()
    assert kept.process is None


@pytest.mark.parametrize(("platform", "asked"), [("linux", [None]), ("darwin", [])])
def test_it_is_asked_for_on_linux_alone(monkeypatch, platform, asked):
    seen = []

    def library(name):
        seen.append(name)
        return SimpleNamespace(prctl=lambda *arguments: 0)

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(processes.ctypes, "CDLL", library)
    die_with_parent()
    assert seen == asked


def test_a_parent_that_ended_before_we_asked_counts(monkeypatch):
    parents, sent = iter([1000, 1]), []
    monkeypatch.setattr(processes.os, "getppid", lambda: next(parents))
    monkeypatch.setattr(processes.os, "kill", lambda pid, number: sent.append(number))
    monkeypatch.setattr(processes.ctypes, "CDLL", lambda name: type("C", (), {"prctl": print}))
    die_with_parent()
    assert sent == [15]
