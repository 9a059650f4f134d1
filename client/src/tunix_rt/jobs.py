"""Work that takes longer than an answer."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from tunix_rt.errors import JobFailed, NotYet
from tunix_rt.http import lines, pages
from tunix_rt.http.transport import Transport, segment
from tunix_rt.results import Job

PATH = "/api/jobs"
UNDER_WAY = frozenset({"queued", "running"})
FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0  # seconds between two looks


class Jobs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, job_id: str) -> Job:
        job: Job = self._transport.get(f"{PATH}/{segment(job_id)}")
        return job

    def list(
        self, *, kind: str | None = None, state: str | None = None, limit: int | None = None
    ) -> Iterator[Job]:
        """Yield jobs, newest first, without their results."""
        return pages.rows(self._transport, PATH, {"kind": kind, "state": state}, limit)

    def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Job:
        """Look until a job has succeeded; `progress` is told how much of how much is done.

        JobFailed where it failed or was cancelled, NotYet after `timeout` seconds.
        """
        started, pause = time.monotonic(), FIRST_WAIT
        while True:
            job = self.get(job_id)
            if progress:
                progress(job["done"], job["total"])
            if job["state"] == "succeeded":
                return job
            if job["state"] not in UNDER_WAY:
                raise JobFailed(job)
            if timeout is not None and time.monotonic() - started + pause > timeout:
                raise NotYet(f"Job {job_id} is {job['state']} after {timeout:g} s; it goes on.")
            time.sleep(pause)
            pause = min(1.5 * pause, LONGEST_WAIT)

    def cancel(self, job_id: str) -> None:
        self._transport.send("DELETE", f"{PATH}/{segment(job_id)}")

    def undo(self, job_id: str) -> Job:
        """Start the job that undoes a bulk change, where nobody touched the traces since."""
        job: Job = self._transport.post(f"{PATH}/{segment(job_id)}/undo", {})
        return job

    def errors(self, job_id: str) -> Iterator[dict[str, Any]]:
        """Yield what was wrong with single records of a job's input."""
        with self._transport.stream("GET", f"{PATH}/{segment(job_id)}/errors.jsonl") as response:
            yield from lines.documents(response)
