"""Starting what is done to many traces, with the ids that it is confirmed for.

They are kept, so that it is done to no other trace, whatever matches by then.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from events.actors import Actor
from jobs.models import Job
from jobs.services.queue import start_job
from jobs.services.undoing import UNDONE_WITHIN
from traces.curation.pieces import BulkPiece
from traces.finding.filters import matching
from tunix_site.database.patience import patience
from tunix_site.errors import Conflict

FREEZE_SECONDS = 30  # a request's thread, one of few, waits for it; a million takes some
LONGEST_UNDOING = timedelta(days=1)  # of what was asked for at the last moment
NARROWER = "Nothing was changed: narrow the filter, and do the rest after that."


def start_frozen(
    *,
    kind: str,
    where: dict[str, Any],
    expected_count: int | None,
    parameters: dict[str, Any],
    by: Actor,
) -> Job:
    """Queue a job for the traces that match now; Conflict where they are not as many as said.

    Unavailable where to find them takes more than FREEZE_SECONDS. `parameters` is the request as
    it came.
    """
    _forget_old_pieces()
    with transaction.atomic():
        job = start_job(kind=kind, parameters=parameters, by=by)
        with patience(FREEZE_SECONDS, advice=NARROWER):
            count = BulkPiece.objects.freeze(job, matching(where))
        if expected_count is not None and count != expected_count:
            raise Conflict(f"{count:,} traces match, not {expected_count:,}: nothing was changed.")
        Job.objects.filter(pk=job.pk).update(total=count)
    job.total = count
    return job


def _forget_old_pieces() -> None:
    before = timezone.now() - UNDONE_WITHIN - LONGEST_UNDOING
    BulkPiece.objects.filter(job__finished_at__lt=before).delete()
