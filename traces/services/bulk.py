"""Changing what may change of all traces that match a filter."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from rest_framework.exceptions import PermissionDenied

from events.actors import Actor
from events.services import record_event
from jobs.errors import JobCancelled
from jobs.models import Job
from jobs.progress import ErrorRow, Progress
from jobs.services.lease import reconnect
from jobs.services.queue import start_job
from traces.curation.tags import TagChange
from traces.document import MAX_TAGS
from traces.finding.filters import matching
from traces.models import Review, Trace
from traces.querysets import TraceQuerySet
from traces.services.reviews import Change, change_many
from traces.services.walking import NEWEST, id_batches, newest_trace
from tunix_site.database.troubles import trouble_of
from tunix_site.errors import Conflict

BULK = "bulk"
CHANGED_AT_ONCE = 1_000


@dataclass(frozen=True, kw_only=True)
class BulkChange(Change):
    """A validated request: validated filters, and what becomes of the traces that match them."""

    where: dict[str, Any]


@dataclass
class Counts:
    """How many traces matched, were changed by it, and would have had too many tags."""

    matched_count: int = 0
    changed_count: int = 0
    refused_count: int = 0


def start_bulk_change(
    *, change: BulkChange, expected_count: int | None, parameters: dict[str, Any], by: Actor
) -> Job:
    """Queue a change of all traces that match now; Conflict where they are not as many as said.

    `parameters` is the request as it came. Traces that come in later are left alone.
    """
    newest = newest_trace()
    count = matching(change.where).filter(id__lte=newest).count()
    if expected_count is not None and count != expected_count:
        raise Conflict(f"{count:,} traces match, not {expected_count:,}: nothing was changed.")
    kept = {**parameters, NEWEST: str(newest)}
    return start_job(kind=BULK, parameters=kept, by=by, total=count)


def change_traces(*, change: BulkChange, job: Job, progress: Progress, by: Actor) -> Counts:
    """Change traces in pieces of one transaction each, newest first; a new status is reviewed.

    A trace that would have more tags than it may is left as it is, as an error of the job. What was
    before is kept with the traces, under the job's id.
    """
    if by.user is None:
        raise PermissionDenied("Whoever started it is no user any more.")
    counts = _counted_before(change, job) if job.attempt > 1 else Counts()
    try:
        for ids in id_batches(traces=_asked(change, job), size=CHANGED_AT_ONCE):
            with transaction.atomic():
                _change(ids, change, job, counts, progress, by)
            progress.done = counts.matched_count
            progress.total = max(progress.done, progress.total or 0)  # more may match by now
            progress.check()
    except Exception as error:
        if _is_over(progress, error):
            reconnect(progress=progress)
            _record(change, job, counts, by)
        raise
    _record(change, job, counts, by)
    return counts


def _counted_before(change: BulkChange, job: Job) -> Counts:
    """Count what earlier attempts changed; of that, what still matches counts in its turn."""
    by_job = Q(pk__in=Review.objects.filter(job=job.id).values("trace_id"))
    by_job |= Q(pk__in=TagChange.objects.filter(job=job.id).values("trace_id"))
    changed = Trace.objects.filter(by_job).count()
    still = _asked(change, job).filter(by_job).count()
    return Counts(matched_count=changed - still, changed_count=changed)


def _asked(change: BulkChange, job: Job) -> TraceQuerySet:
    return matching(change.where).filter(id__lte=UUID(job.parameters[NEWEST]))


def _is_over(progress: Progress, error: Exception) -> bool:
    """Say whether what broke off stays as it is: no other process goes on with it."""
    if progress.stopped is not None:
        return isinstance(progress.stopped, JobCancelled)
    return trouble_of(error) is None


def _record(change: BulkChange, job: Job, counts: Counts, by: Actor) -> None:
    record_event(
        by=by,
        action="change",
        object_type="trace",
        before={"kept_in": ["traces_review", "traces_tagchange"], "job": job.pk},
        after={
            "status": change.status,
            "add_tags": list(change.add_tags),
            "remove_tags": list(change.remove_tags),
        },
        count=counts.changed_count,
        where=job.parameters["where"],
    )


def _change(
    ids: list[UUID],
    change: BulkChange,
    job: Job,
    counts: Counts,
    progress: Progress,
    by: Actor,
) -> None:
    held = matching(change.where).filter(pk__in=ids).order_by("id")
    ids = list(held.select_for_update(no_key=True, of=("self",)).values_list("id", flat=True))
    changed, refused = change_many(
        trace_ids=ids, change=change, by=by, job=job.id, max_tags=MAX_TAGS
    )
    counts.changed_count += changed
    counts.matched_count += len(ids)
    counts.refused_count += len(refused)
    progress.add_errors(
        ErrorRow(None, "tags", f"Trace {identity} would have more than {MAX_TAGS} tags.")
        for identity in refused
    )
