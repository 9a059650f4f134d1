"""The processor time that processes take, from /proc: it holds on a machine that others use."""

import os
from collections.abc import Iterable
from pathlib import Path

from django.db import connection

from benchmarks.site import BenchmarkFailed
from tunix_site.serving.processes import children

TICKS = os.sysconf("SC_CLK_TCK")

Times = dict[int, float]  # seconds since it began, by process


def times(pids: Iterable[int]) -> Times:
    return {pid: _time(pid) for pid in pids}


def seconds_between(before: Times, after: Times) -> float:
    """Sum what those that run took since, also those that began since."""
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())


def _time(pid: int) -> float:
    try:
        user, system, *_ = _ticks(pid)
    except (FileNotFoundError, ProcessLookupError):
        raise BenchmarkFailed(f"Process {pid} is not here to be asked for its time.") from None
    return (user + system) / TICKS


def seconds_of_all(pid: int) -> float:
    """Sum what a process took, those that it started, and those of them that ended."""
    try:
        own = sum(_ticks(pid)) / TICKS
    except (FileNotFoundError, ProcessLookupError):  # it ended just now: its parent counts it
        return 0.0
    return own + sum(map(seconds_of_all, children(pid)))


def _ticks(pid: int) -> list[int]:
    """Read a process's own time, user and system, and that of its children that ended."""
    status = Path(f"/proc/{pid}/stat").read_text()
    return [int(ticks) for ticks in status.rpartition(")")[2].split()[11:15]]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def backends(application: str) -> list[int]:
    """Name the database's processes that serve an application, but for who asks."""
    query = """
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend'
            AND application_name = %s AND pid <> pg_backend_pid()
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [application])
        return [pid for (pid,) in cursor.fetchall()]
