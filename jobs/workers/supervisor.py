"""A process between a worker and a child program: it ends all that comes of the program.

`jobs.workers.children` starts it and talks to its standard input: a byte says that the lease is
renewed; the end says to stop, be it that the worker closed it or that it was killed. A program
whose lease is not renewed is killed: it must not go on beside its successor where the worker is
only paused.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time

from tunix_site.serving.processes import children, die_with_parent

PR_SET_CHILD_SUBREAPER = 36
NOT_FOUND = 127
LIFELINE = 0
STOPS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def main(lease: float, grace: float, directory: str, command: list[str]) -> int:
    """Run a program to its end, or to that of its lease; return its exit code, as a shell does.

    Asked to stop it has `grace` seconds, as long as the lease lasts.
    """
    signals = _signals()
    _adopt_orphans()
    try:
        program = subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(signal.SIGKILL),
        )
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201  # as a shell does
        return NOT_FOUND
    until = time.monotonic() + lease
    watched = [signals, LIFELINE]
    while program.poll() is None and (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select(watched, [], [], left)
        caught = os.read(signals, 4096) if signals in ready else b""
        renewed = os.read(LIFELINE, 4096) if LIFELINE in ready else b""
        if renewed:
            until = time.monotonic() + lease
        if (LIFELINE in ready and not renewed) or STOPS.intersection(caught):
            watched = [signals]
            until = min(until, time.monotonic() + grace)
            _signal_group(program, signal.SIGTERM)
        _reap_adopted(program)
    _signal_group(program, signal.SIGKILL)
    code = program.wait()
    _end_adopted()
    return code if code >= 0 else 128 - code


def _signals() -> int:
    """Have signals written to a pipe, by their number; give its other end."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (*STOPS, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return read


def _adopt_orphans() -> None:
    """Become the parent of what a program leaves behind, also outside of its group; Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _signal_group(program: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # all of it has ended
        os.killpg(program.pid, number)


def _reap_adopted(program: subprocess.Popen[bytes]) -> None:
    for pid in children(os.getpid()) - {program.pid}:
        os.waitpid(pid, os.WNOHANG)


def _end_adopted() -> None:
    while adopted := children(os.getpid()):
        for pid in adopted:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:]))
