"""What the pages of a change of many traces show."""

from typing import Any

from django.db.models import Exists, OuterRef

from datasets.models import DatasetItem
from jobs.models import UNFINISHED, Job, State
from jobs.services.undoing import why_not_undone
from pages.shared.polling import seen_of
from pages.traces.bulk.asking import Asking, Deletion
from pages.traces.bulk.telling import count_done, heading_of
from pages.traces.counting import SECONDS
from traces.services.bulk.changing import BULK
from traces.services.bulk.deleting import BULK_DELETE
from traces.services.bulk.undoing import UNDO
from traces.services.scoring.score_all import SCORE
from tunix_site.database.patience import patience

SAMPLES = 10
LISTED = 50  # of what was left
CHANGES = (BULK, UNDO, SCORE, BULK_DELETE)


def question(asking: Asking[Any]) -> dict[str, Any]:
    """Give what a person confirms: how many there are, some of them, and what becomes of them."""
    traces = asking.traces()
    with patience(SECONDS):
        count = traces.order_by().count()
        samples = list(traces.order_by("-pk").previews()[:SAMPLES])
        if isinstance(asking, Deletion):
            items = DatasetItem.objects.filter(trace=OuterRef("pk")).order_by()
            held = traces.order_by().filter(Exists(items)).count()
    return {
        "asking": asking,
        "count": count,
        "samples": samples,
        "words": asking.words,
        "is_of_all": not asking.where,
        "held": held if isinstance(asking, Deletion) else 0,
    }


def job_shown(job: Job, *, by: Any) -> dict[str, Any]:
    """Give how far it has come; what has ended says what it did, and whether it can be undone."""
    is_under_way = job.state in UNFINISHED
    count = 0 if is_under_way else count_done(job)
    why_not = why_not_undone(job=job)
    is_own = by.is_superuser or job.created_by_id == by.pk
    is_change = job.kind == BULK
    result = job.result or {}
    return {
        "job": job,
        "seen": seen_of(job),
        "is_under_way": is_under_way,
        "heading": heading_of(job, count),
        "may_undo": is_own and why_not is None and count > 0,
        "why_not": why_not if is_change and not is_under_way else "",
        "left_over": (job.total or 0) - count if job.state == State.SUCCEEDED and is_change else 0,
        "left": result.get("left", [])[:LISTED],
        "errors": job.errors.all()[:LISTED] if job.kind == BULK_DELETE else (),
        "criteria": job.parameters.get("criteria", "") if job.kind == SCORE else "",
    }
