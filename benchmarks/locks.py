"""Which tables a program locks, seen from beside it."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks.baseline import bare_connection

SAMPLE_SECONDS = 0.05
KEEP_WRITERS_WAITING = (  # the strongest first
    "AccessExclusiveLock",
    "ExclusiveLock",
    "ShareRowExclusiveLock",
    "ShareLock",
)
LOCKS = """
    SELECT relation.relname, mode, granted, pid, xact_start
    FROM pg_locks JOIN pg_stat_activity AS session USING (pid)
    JOIN pg_class AS relation ON relation.oid = pg_locks.relation
    WHERE locktype = 'relation' AND application_name = %s AND relation.relkind = 'r'
    AND relation.relnamespace = 'public'::regnamespace
"""


@dataclass
class Lock:
    """The longest time for which a table was held, or waited for, in one mode."""

    table: str
    mode: str
    held_seconds: float = 0.0
    waited_seconds: float = 0.0


@contextlib.contextmanager
def beside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Work in a thread while the block runs; what goes wrong there is raised here."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(work, stop)
        try:
            yield
        finally:
            stop.set()
        working.result()


@contextlib.contextmanager
def sampler(named: str) -> Iterator[dict[tuple[str, str, bool], float]]:
    """Look at the locks of the sessions so named again and again; give the longest time of each."""
    longest: dict[tuple[str, str, bool], float] = {}

    def work(stop: threading.Event) -> None:
        since: dict[tuple[Any, ...], float] = {}
        with bare_connection() as database:
            while not stop.wait(SAMPLE_SECONDS):
                now = time.perf_counter()
                rows = database.execute(LOCKS, [named]).fetchall()
                since = {row: since.get(row, now) for row in rows}
                for (table, mode, granted, *_), began in since.items():
                    name = table, mode, granted
                    seconds = now - began + SAMPLE_SECONDS
                    longest[name] = max(longest.get(name, 0.0), seconds)

    with beside(work):
        yield longest


def strong(longest: dict[tuple[str, str, bool], float]) -> list[Lock]:
    """Give the locks that keep writers waiting, the strongest first."""
    found: dict[tuple[str, str], Lock] = {}
    for (table, mode, granted), seconds in longest.items():
        lock = found.setdefault((table, mode), Lock(table, mode))
        name = "held_seconds" if granted else "waited_seconds"
        setattr(lock, name, round(seconds, 2))
    keeping = [lock for lock in found.values() if lock.mode in KEEP_WRITERS_WAITING]
    return sorted(keeping, key=lambda lock: (KEEP_WRITERS_WAITING.index(lock.mode), lock.table))
