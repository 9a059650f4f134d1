"""Pages of the trace list, the first and a deep one, against their SQL and an empty request."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg

from benchmarks.baseline import bare_connection
from benchmarks.latency import EMPTY_REQUEST
from benchmarks.report import Result
from benchmarks.site import BenchmarkFailed, Connection, Site
from benchmarks.timing import medians, seconds_of

PAGE_ROWS = 20
WALKED_ROWS = 100

SELECT = f"""
    SELECT id, created_at, trace_version, source, status, tags, left(prompt, 200),
           left(final_answer, 200), step_count
    FROM traces_trace {{where}} ORDER BY id DESC LIMIT {PAGE_ROWS}
"""


@dataclass(frozen=True)
class Page:
    """The same rows over HTTP and in SQL."""

    name: str
    path: str
    sql: str
    parameters: list[str]


def measure(site: Site, *, rows: int, rounds: int) -> Iterator[Result]:
    """Measure on a list of `rows` traces: its first page and its last."""
    with site.connection() as http, bare_connection() as database:
        cursor, last_seen = _walk(http, rows - PAGE_ROWS)
        for page in (
            Page("first page", _path(limit=PAGE_ROWS), SELECT.format(where=""), []),
            Page(
                f"page at depth {rows - PAGE_ROWS:,}",
                _path(limit=PAGE_ROWS, cursor=cursor),
                SELECT.format(where="WHERE id < %s"),
                [last_seen],
            ),
        ):
            got, selected, nothing = _seconds(http, database, page, rounds)
            yield Result(
                name=f"list of {rows:,}, {page.name}",
                kind="times",
                measured=1000 * got,
                unit="ms",
                baseline=1000 * (selected + nothing),
                against="SELECT + empty request",
            )


def _seconds(
    http: Connection, database: psycopg.Connection[Any], page: Page, rounds: int
) -> list[float]:
    """Give the time of the page over HTTP, of its SQL, and of an empty request."""
    if len(json.loads(http.get(page.path))["results"]) != PAGE_ROWS:
        raise BenchmarkFailed(f"{page.path} is no full page.")
    return medians(
        rounds,
        lambda: (
            seconds_of(http.get, page.path),
            seconds_of(lambda: database.execute(page.sql, page.parameters).fetchall()),
            seconds_of(http.get, EMPTY_REQUEST),
        ),
    )


def _walk(http: Connection, depth: int) -> tuple[str, str]:
    """Follow the list past `depth` rows; give the cursor there and the id of the last row seen."""
    cursor, left = "", depth
    while left:
        query = {"cursor": cursor} if cursor else {}
        page = json.loads(http.get(_path(limit=min(left, WALKED_ROWS), **query)))
        left -= len(page["results"])
        if page["next"] is None:
            raise BenchmarkFailed(f"The list ends {left} rows early.")
        cursor = parse_qs(urlsplit(page["next"]).query)["cursor"][0]
        last_seen = page["results"][-1]["id"]
    return cursor, last_seen


def _path(**query: object) -> str:
    return f"/api/traces?{urlencode(query)}"
