"""One trace a request, against an INSERT and a request that does nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import msgspec

from benchmarks.baseline import bare_connection, empty_copy, insert_statement, rows_of
from benchmarks.report import Result
from benchmarks.site import Site
from benchmarks.timing import percentile, seconds_of
from traces.models import Trace

EMPTY_REQUEST = "/api/"  # authenticates, and reads nothing

MOST_TIMES = 1.5

Deeds = list[Callable[[], object]]


def measure(
    site: Site, bodies: list[dict[str, Any]], *, clients: int, rounds: int
) -> Iterator[Result]:
    """Every client sends all of the bodies in each round."""
    posts, inserts, empties = _latencies(site, bodies, clients, rounds)
    for name, share, required in (("p50", 0.50, MOST_TIMES), ("p99", 0.99, None)):
        yield Result(
            name=f"POST of a trace, {clients} client{'s' * (clients > 1)}, {name}",
            kind="times",
            measured=percentile(posts, share),
            unit="ms",
            baseline=percentile(inserts, share) + percentile(empties, share),
            against="INSERT + empty request",
            required=required if clients == 1 else None,
        )


def _latencies(
    site: Site, bodies: list[dict[str, Any]], clients: int, rounds: int
) -> tuple[list[float], list[float], list[float]]:
    """Give the milliseconds of each POST, of each INSERT with its commit, of each empty request."""
    posts: list[float] = []
    inserts: list[float] = []
    empties: list[float] = []
    sent = [msgspec.json.encode(body) for body in bodies]
    with ExitStack() as stack:
        https = [stack.enter_context(site.connection()) for _ in range(clients)]
        databases = [stack.enter_context(bare_connection()) for _ in range(clients)]
        insert = insert_statement(Trace, stack.enter_context(empty_copy(databases[0], Trace)))
        pool = stack.enter_context(ThreadPoolExecutor(clients))
        for number in range(rounds + 1):
            if number == 1:  # the first one warmed up
                for figures in (posts, inserts, empties):
                    figures.clear()
            rows = [rows_of(bodies) for _ in databases]
            inserts += _all_at_once(
                pool,
                [
                    [partial(database.execute, insert, row) for row in mine]
                    for database, mine in zip(databases, rows, strict=True)
                ],
            )
            empties += _all_at_once(
                pool, [[partial(http.get, EMPTY_REQUEST)] * len(sent) for http in https]
            )
            posts += _all_at_once(
                pool, [[partial(http.post, "/api/traces", body) for body in sent] for http in https]
            )
    return posts, inserts, empties


def _all_at_once(pool: ThreadPoolExecutor, deeds_by_client: list[Deeds]) -> list[float]:
    """Run each client's deeds one after the other; give the milliseconds of every deed."""
    taken = pool.map(lambda deeds: [1000 * seconds_of(deed) for deed in deeds], deeds_by_client)
    return [milliseconds for one_client in taken for milliseconds in one_client]
