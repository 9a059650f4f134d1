"""Parts of pages that ask how far a job is: nothing is swapped where nothing changed.

Such a part has the attributes of `pages/shared/polling.html`: it says what it has seen. What takes
the focus within it has an id.
"""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from jobs.models import UNFINISHED, Job


def seen_of(job: Job) -> str:
    """Give what a page shows of how far a job is; it says so when it asks again."""
    return f"{job.state}.{job.done}.{job.total}"


def polled(
    request: HttpRequest,
    job: Job,
    show: Callable[[], HttpResponse],
    *,
    seen: str = "",
    whole: str = "#main",
) -> HttpResponse:
    """Answer what shows a job, or the part of it that asks again.

    That is told nothing where it has `seen` all; where the job has ended, all of `whole` is shown.
    """
    if "seen" not in request.GET or "HX-Request" not in request.headers:
        return show()
    if request.GET["seen"] == (seen or seen_of(job)):
        return HttpResponse(status=204)
    response = show()
    if job.state not in UNFINISHED:
        response["HX-Retarget"] = response["HX-Reselect"] = whole
    return response


def saying(response: HttpResponse, words: str) -> HttpResponse:
    """Have the page say something to whoever listens, as it is swapped."""
    response["HX-Trigger"] = json.dumps({"said": words})
    return response
