"""A person's pace: a verdict and the next trace of a queue that holds all, and lists by reviews."""

import json
import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from django.contrib.auth import get_user_model

from benchmarks.baseline import bare_connection
from benchmarks.site import Connection
from benchmarks.timing import percentile, seconds_of
from events import actors
from jobs.models import Job
from jobs.progress import Progress
from traces.curation.queues import Queue
from traces.services.queues.filling import fill_queue
from traces.services.queues.queues import NewQueue, create_queue
from traces.services.walking import newest_trace

ROUNDS = 200
LISTED = 20  # rounds of each filter
OVERLAP = 0.1
SAYING_MORE = {"reasons": ["odd"], "note": "Odd.", "step_labels": {"0": 1}}
FILTERS = (
    "reviewer=benchmarks",
    "reviewer=benchmarks&status=approved",
    "reviewer=nobody",
    "reviewed_after=2000-01-01T00:00:00Z",
    "reviewed_before=2000-01-01T00:00:00Z",
    "labelled=true",
    "labelled=false",
    "has_note=true",
    "reviewed_by_hand=true",
    "reviewed_by_hand=false",
    "reviewer=benchmarks&reviewed_after=2000-01-01T00:00:00Z&reviewed_by_hand=true",
    "reason=odd",
    "reason=none",
    "disputed=true",
    "disputed=false",
)


def fill(size: int) -> tuple[Queue, float]:
    """Fill a queue with all traces, in this process; give it and the seconds."""
    user = get_user_model().objects.get(username="benchmarks")
    by = actors.command(user=user)
    new = NewQueue(name=f"{size:,} traces", where={}, order="random", overlap=OVERLAP)
    queue = create_queue(new=new, by=by)
    progress = Progress(Job.objects.latest("id"), is_told=False)

    def work() -> None:
        fill_queue(queue=queue, newest=newest_trace(), progress=progress, by=by)

    seconds = seconds_of(work)
    with bare_connection() as database:
        database.execute("VACUUM (ANALYZE) traces_queuemember")  # as autovacuum does
    queue.refresh_from_db()
    return queue, seconds


def paces(http: Connection, queue: Queue) -> list[float]:
    """Give the milliseconds of each verdict with the next trace, which is fetched beforehand."""
    path, taken = f"/api/queues/{queue.pk}/next", []
    worked_on = _claimed(http, path, {})
    ahead = _claimed(http, path, {"after": worked_on["claim"]["id"]})
    for number in range(min(ROUNDS, queue.member_count // 2)):
        said = SAYING_MORE if number % 9 == 0 else {}
        verdict = {"verdict": "approved", "claim": worked_on["claim"]["id"], **said}
        review = partial(_posted, http, f"/api/traces/{worked_on['trace']['id']}/reviews", verdict)
        fetch = partial(_posted, http, path, {"after": ahead["claim"]["id"]})
        started = time.perf_counter()
        review()
        beyond = fetch()
        taken.append(1000 * (time.perf_counter() - started))
        worked_on, ahead = ahead, json.loads(beyond)
    return taken


def slowest_list(http: Connection) -> float:
    """Give the milliseconds of the first page by whichever filter of reviews takes longest."""
    return max(
        median(1000 * seconds_of(http.get, f"/api/traces?{query}") for _ in range(LISTED))
        for query in FILTERS
    )


def measure(http: Connection, size: int) -> Iterator[tuple[str, float, str, float | None]]:
    """Give what was measured: its name, value, unit and what it may be at most."""
    queue, seconds = fill(size)
    yield "queue of all traces, filled", size / seconds, "traces/s", None
    taken = paces(http, queue)
    yield "verdict and next trace", percentile(taken, 0.50), "ms, p50", None
    yield "verdict and next trace", percentile(taken, 0.95), "ms, p95", 150
    yield "list by reviews, the slowest filter", slowest_list(http), "ms", 150


def _claimed(http: Connection, path: str, body: dict[str, Any]) -> dict[str, Any]:
    claimed: dict[str, Any] = json.loads(_posted(http, path, body))
    return claimed


def _posted(http: Connection, path: str, body: dict[str, Any]) -> bytes:
    return http.post(path, json.dumps(body).encode())
