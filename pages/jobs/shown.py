"""What the page of a job shows."""

from typing import Any

from jobs.models import UNFINISHED, Job
from jobs.services.queue import may_cancel
from jobs.services.undoing import why_not_undone
from pages.activity.of_object import changes_of
from pages.activity.undoing import undoable_by
from pages.jobs.outcome import counts_of, places_of
from pages.jobs.words import LABELS, duration_of, title_of, waited
from pages.shared.polling import seen_of
from traces.services.bulk.changing import BULK
from tunix_site.access.roles import RANKS
from tunix_site.models import Role

ERRORS_SHOWN = 100


def job_shown(job: Job, *, by: Any, rank: int) -> dict[str, Any]:
    """Give what is told of a job; what was done by it and to it is for curators."""
    is_under_way = job.state in UNFINISHED
    errors = [*job.errors.order_by("pk")[: ERRORS_SHOWN + 1]]
    may_look = rank >= RANKS[Role.CURATOR]
    return {
        "job": job,
        "seen": seen_of(job),
        "title": title_of(job.kind, job.parameters),
        "label": LABELS.get(job.state, ""),
        "is_under_way": is_under_way,
        "waited": waited(job),
        "duration": duration_of(job),
        "may_cancel": is_under_way and may_cancel(job=job, user=by, rank=rank),
        "may_undo": may_look and bool(undoable_by(by, reviews=(), jobs=[job.pk]).jobs),
        "why_not": why_not_undone(job=job) if job.kind == BULK and not is_under_way else "",
        "undone_by": [*job.undone_by.all()],
        "counts": counts_of(job),
        "places": places_of(job, rank=rank, is_own=job.created_by_id == by.pk),
        "errors": errors[:ERRORS_SHOWN],
        "has_more_errors": len(errors) > ERRORS_SHOWN,
        "changes": changes_of("job", job.pk, user=by) if may_look else None,
    }
