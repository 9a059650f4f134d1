"""What the pages of a change of many traces show."""

from typing import Any

from jobs.models import UNFINISHED, Job, State
from jobs.services.undoing import why_not_undone
from pages.traces.bulk.asking import Asking, in_words
from pages.traces.counting import SECONDS
from traces.finding.filters import matching
from traces.services.bulk.changing import BULK
from traces.services.bulk.counting import changed_by
from traces.services.bulk.undoing import UNDO
from tunix_site.database.patience import patience

SAMPLES = 10
LISTED = 50  # of what an undoing left
CHANGES = (BULK, UNDO)


def question(asking: Asking) -> dict[str, Any]:
    """Give what a person confirms: how many there are, some of them, and what becomes of them."""
    change = asking.checked().to_change()
    traces = matching(change.where)
    with patience(SECONDS):
        count = traces.order_by().count()
        samples = list(traces.order_by("-pk").previews()[:SAMPLES])
    return {
        "asking": asking,
        "count": count,
        "samples": samples,
        "words": in_words(asking.change),
        "is_of_all": not asking.where,
    }


def job_shown(job: Job, *, by: Any) -> dict[str, Any]:
    """Give how far it has come; what has ended says what it did, and whether it can be undone."""
    is_under_way = job.state in UNFINISHED
    is_undo = job.kind == UNDO
    count = 0 if is_under_way or is_undo else changed_by(job=job)
    why_not = why_not_undone(job=job)
    is_own = by.is_superuser or job.created_by_id == by.pk
    return {
        "job": job,
        "is_under_way": is_under_way,
        "heading": _heading(job, count),
        "may_undo": is_own and why_not is None and count > 0,
        "why_not": "" if is_under_way or is_undo else why_not,
        "left_over": (job.total or 0) - count
        if job.state == State.SUCCEEDED and not is_undo
        else 0,
        "left": (job.result or {}).get("left", [])[:LISTED] if is_undo else [],
    }


def _heading(job: Job, count: int) -> str:
    # what was undone is not kept as long as its undoing
    change = (job.undoes if job.kind == UNDO and job.undoes else job).parameters.get("set", {})
    words = in_words(change)
    if job.state in UNFINISHED:
        doing = "Undoing" if job.kind == UNDO else "Changing"
        return f"{doing} {job.total or 0:,} traces" + (f": {words}" if words else "")
    if job.kind == UNDO:
        restored = (job.result or {}).get("restored_count", 0)
        return f"{restored:,} as before" if job.state == State.SUCCEEDED else f"Undoing {job.state}"
    ended = "" if job.state == State.SUCCEEDED else f", then {job.state}"
    return f"{count:,} {words}{ended}"
