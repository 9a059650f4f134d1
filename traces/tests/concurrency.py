"""Work done at the same time, each on a database connection of its own."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections
from rest_framework.test import APIClient

PATIENCE_SECONDS = 60


def like(client: APIClient) -> APIClient:
    """Make another client that comes with the same key."""
    other = APIClient()
    other.credentials(**client._credentials)
    return other


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Do all works, none before every thread is ready; return what they return, in order."""
    ready = threading.Barrier(len(works))

    def work(do: Callable[[], Any]) -> Any:
        try:
            ready.wait(PATIENCE_SECONDS)
            return do()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(work, works))


def elsewhere(do: Callable[[], Any]) -> Any:
    """Do something on another connection, to its end."""
    return at_once([do])[0]


@contextlib.contextmanager
def just_before(part: str, do: Callable[[], Any]) -> Iterator[None]:
    """Do something once, just before the first statement with `part` goes to the database."""
    waiting = [do]

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        if waiting and part in sql:
            waiting.pop()()
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        yield


def wait_for_a_lock_past_its_deadlock_check() -> None:
    """Return when another session waits for a lock and has found that this is no deadlock yet."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if somebody_waits("1.5 * current_setting('deadlock_timeout')::interval"):
            return
    raise AssertionError("nobody waits for a lock")


def somebody_waits(longer_than: str = "interval '0'") -> bool:
    """Tell whether a session of this database waits for a lock, for longer than an interval."""
    query = f"""
        SELECT EXISTS (
            SELECT FROM pg_locks JOIN pg_stat_activity AS session USING (pid)
            WHERE NOT granted AND datname = current_database()
            AND clock_timestamp() - waitstart >= {longer_than}
        )
    """
    with connection.cursor() as cursor:
        # else a transaction goes on seeing the sessions that it saw first
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(query)
        (found,) = cursor.fetchone()
    return bool(found)
