"""Child processes that cannot outlive us."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 15
PAUSE_SECONDS = 2.0


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Have the kernel signal this process when its parent ends, however that comes; Linux alone."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), number)


def exit_on(*numbers: int) -> None:
    """Exit at the first of these signals; later ones do not break into what is then cleared up."""

    def end(caught: int, _: Any) -> None:
        for number in numbers:
            signal.signal(number, lambda *_: None)
        sys.exit(128 + caught)

    for number in numbers:
        signal.signal(number, end)


def children(pid: int) -> set[int]:
    """Name what runs of the processes that one has started; empty where it ended. Linux alone."""
    found: list[str] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
            found += path.read_text().split()
    return set(map(int, found))


def descendants(pid: int) -> set[int]:
    """Name a process and all that come from it, as far as they run. Linux alone."""
    return {pid}.union(*map(descendants, children(pid)))


@contextlib.contextmanager
def child_process(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program while the block runs; it is asked to stop, then killed."""
    process = subprocess.Popen(command, preexec_fn=die_with_parent, **options)
    try:
        yield process
    finally:
        _stop(process)


class Kept(Protocol):
    """Something that is started again when it has ended.

    Whoever keeps it calls `keep` often, which takes no time, and `stop` at the end.
    """

    def keep(self) -> None: ...

    def stop(self) -> None: ...


class KeptProcess:
    """A child process that is started again, after a pause, when it has ended."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.keeper = os.getpid()
        self.process: subprocess.Popen[Any] | None = None
        self.not_before = 0.0

    def keep(self) -> None:
        """Start the process where there is none, unless one ended just now."""
        if self.process is not None and self.process.poll() is not None:
            self.process = None
            self.not_before = time.monotonic() + PAUSE_SECONDS
        if self.process is None and time.monotonic() >= self.not_before:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent
            )

    def stop(self) -> None:
        if self.process is not None and os.getpid() == self.keeper:  # a fork leaves it alone
            _stop(self.process)


def _stop(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
