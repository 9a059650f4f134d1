"""The server's process, told from any other that has come by its number.

A number in a lock file is believed only where that process is a PostgreSQL of this data directory:
numbers are given again, after a restart of the machine for one.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tunix_site.postgres.telling import PostgresError, say

PROC = Path("/proc")
PROGRAMS = ("postgres", "postmaster")
STEP_SECONDS = 0.05
LEFTOVER_SECONDS = 5  # that the sessions of a killed server have to end
LOCK_SECONDS = 10  # it is among the first things that a server does


def recorded_pid(lock: Path) -> int | None:
    """Give the number that a lock file of PostgreSQL begins with; 0 where it holds none."""
    try:
        first = lock.read_text(errors="replace").partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    # that of a server for one session alone is negative
    return int(first.removeprefix("-")) if first.removeprefix("-").isdecimal() else 0


def is_server(pid: int | None, data: Path) -> bool:
    """Say whether a process is a PostgreSQL of this data directory, and has not ended."""
    if not pid:
        return False
    program, arguments = command(pid)
    if Path(program).name not in PROGRAMS:
        return False
    directory = Path(arguments.partition("-D ")[2])
    return _is_same(directory, data) or _is_same(PROC / str(pid) / "cwd", data)


def command(pid: int) -> tuple[str, str]:
    """Give the program that a process runs and its arguments; nothing where it has ended.

    PostgresError where the system cannot tell.
    """
    if (PROC / "self").exists():
        try:
            words = (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            return "", ""
        return words[0], " ".join(words[1:]).strip()
    asked = ["ps", "-ww", "-o", "stat=,args=", "-p", str(pid)]
    try:
        shown = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise PostgresError(
            f"Whether process {pid} is a PostgreSQL cannot be told here, without /proc and ps."
        ) from None
    state, _, words_ = shown.strip().partition(" ")
    program, dash, arguments = words_.strip().partition(" -")
    return ("", "") if state.startswith("Z") else (program, (dash + arguments).strip())


def wait_for_lock(pid: int, data: Path, lock: Path) -> None:
    """Wait until a process that was just made has written its number, or has ended.

    Until then others cannot know that a server is starting there.
    """
    stop = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < stop and command(pid)[0]:
        if is_server(pid, data) and recorded_pid(lock) == pid:
            return
        time.sleep(STEP_SECONDS / 10)


def _is_same(path: Path, data: Path) -> bool:
    try:
        return path.samefile(data)
    except OSError:  # not there, or not ours to look at
        return False


def remove_stale(locks: Iterable[Path], data: Path) -> None:
    """Remove lock files whose number is another process's, which is left in peace.

    PostgreSQL itself believes any process of that number. Whether memory of an earlier server is
    still in use it finds out by the data directory, without these files.
    """
    for lock in locks:
        pid = recorded_pid(lock)
        if pid is None or is_server(pid, data) or (pid and not _exists(pid)):
            continue
        if pid and command(pid)[0]:  # else it has ended, and nobody has taken note yet
            say(f"Removing {lock}: process {pid} is no PostgreSQL of this directory.")
        lock.unlink()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def leftovers(data: Path) -> Iterator[int]:
    """Find the sessions of a server that was killed: one that computes notices late.

    Where the system does not show where a process works, they end by themselves.
    """
    for path in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or another's
            is_session = (path / "cmdline").read_bytes().startswith(b"postgres:")
            if is_session and _is_same(path / "cwd", data):
                yield int(path.name)


def end_leftovers(data: Path) -> None:
    """Have the sessions of a killed server end at once, as their server would have.

    Until they have, they hold memory that a new server does not start beside.
    """
    stop = time.monotonic() + LEFTOVER_SECONDS
    while (sessions := list(leftovers(data))) and time.monotonic() < stop:
        for pid in sessions:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
        time.sleep(STEP_SECONDS)


def ends(pid: int, data: Path, number: int, seconds: float) -> bool:
    """Send the server a signal and wait for its end; False where it still runs then."""
    stop = time.monotonic() + seconds
    if is_server(pid, data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    while is_server(pid, data):
        if time.monotonic() > stop:
            return False
        time.sleep(STEP_SECONDS)
    return True
