"""An import by a job: how far it has come, and what it came to."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from jobs.models import UNFINISHED, Job
from pages.importing.asked import form_of
from pages.shared.polling import seen_of
from traces.services.importing.summary import ABORT
from traces.services.importing.uploads import UPLOAD


def shown_of(job: Job, *, user: Any, may_judge: bool) -> dict[str, Any]:
    """Give what the page of the job shows."""
    result, parameters = job.result or {}, job.parameters
    is_mine = job.created_by_id == user.pk
    again = reverse("import-file", args=[parameters[UPLOAD]]) + form_of(parameters)
    return {
        "job": job,
        "seen": seen_of(job),
        "name": parameters["file"],
        "result": result,
        "is_under_way": job.state in UNFINISHED,
        "is_whole": parameters["on_error"] == ABORT,
        "came_in": _came_in(job) if result.get("created_count") else "",
        "again": again if is_mine and job.state not in (*UNFINISHED, "succeeded") else "",
        "may_cancel": is_mine or may_judge,
    }


def _came_in(job: Job) -> str:
    """Give the address of the list with what was stored while the job ran, by its source if told.

    An attempt before the last one may have stored some.
    """
    begun = job.started_at if job.attempt == 1 else job.created_at
    said = {
        "source": job.parameters["source"],
        "created_after": _written(begun),
        "created_before": _written(job.finished_at),
    }
    return f"{reverse('traces')}?{urlencode({name: text for name, text in said.items() if text})}"


def _written(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else ""
