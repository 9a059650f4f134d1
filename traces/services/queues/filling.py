"""Filling queues with the traces that match: a job that goes on wherever it broke off."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, Min, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from events.actors import Actor
from jobs.models import Job
from jobs.progress import Progress
from jobs.services.queue import start_job
from traces.curation.members import QueueMember
from traces.curation.queues import Queue
from traces.finding.filters import TraceFilters, matching, may_match_later
from traces.querysets import TraceQuerySet
from traces.services.importing.summary import IMPORT
from traces.services.importing.uploads import IMPORT_FILE
from traces.services.queues.ranks import ranking
from traces.services.walking import NEWEST, id_batches, newest_trace

FILL = "fill_queue"
ADDED_AT_ONCE = 1_000
AGAIN_AFTER = timedelta(minutes=10)
# Ids tell the time at which a trace was sent; what was sent before others may be committed later.
LOOK_BACK_MILLISECONDS = 15 * 60 * 1000
BITS_BELOW_TIME = 80  # of a UUID version 7

_ADD = """
    INSERT INTO traces_queuemember (queue_id, trace_id, filling, rank, wanted, reviewers)
    SELECT %(queue)s, trace.id, %(filling)s, {rank}, {wanted}, '{{}}'
    FROM traces_trace AS trace {join} WHERE trace.id = ANY(%(ids)s) ORDER BY trace.id
    ON CONFLICT DO NOTHING
"""


def start_filling(*, queue: Queue, by: Actor, total: int | None = None) -> Job:
    """Queue the filling with all traces that match now and are not in it yet."""
    parameters = {"queue": queue.pk, NEWEST: str(newest_trace())}
    job = start_job(kind=FILL, parameters=parameters, by=by, total=total)
    Queue.objects.filter(pk=queue.pk).update(job=job.pk, filled_at=Now())
    return job


def fill_again(*, queue: Queue, by: Actor) -> None:
    """Start filling where the last time is ten minutes ago, and more may match since."""
    if queue.is_of_disputes or queue.filled_at is None:
        return
    if queue.filled_at > timezone.now() - AGAIN_AFTER:
        return
    if not may_match_later(queue.where) and newest_trace() == queue.newest:
        return
    if queue.job and Job.objects.unfinished().filter(pk=queue.job).exists():
        return
    untouched = Queue.objects.existing().filter(pk=queue.pk, filled_at=queue.filled_at)
    if untouched.update(filled_at=Now()):  # nobody else was faster
        start_filling(queue=queue, by=by)


def fill_queue(*, queue: Queue, newest: UUID, progress: Progress, by: Actor) -> dict[str, Any]:
    """Add what matches up to the trace `newest`, in pieces of one transaction each.

    Members that come with a later filling are behind those of earlier ones. All traces are looked
    through where old ones may come to match, else those that came since the last time. A queue that
    is deleted meanwhile stays as it is.
    """
    filling, added_count = queue.filling, 0
    for ids in id_batches(traces=_lacking(queue, newest), size=ADDED_AT_ONCE):
        with transaction.atomic():
            added = _add(queue, ids, filling)
            if added is None:
                transaction.set_rollback(True)
                return {"added_count": added_count}
        added_count += added
        progress.done += len(ids)
        progress.check()
    still = Queue.objects.filter(pk=queue.pk, filling=filling)
    still.update(filling=filling + 1, newest=newest, filled_at=Now())
    progress.total = progress.done
    return {"added_count": added_count}


def traces_of(*, queue: Queue) -> TraceQuerySet:
    """Give the traces that match the queue's filter."""
    filters = TraceFilters(data=queue.where)
    filters.is_valid(raise_exception=True)
    return matching(filters.validated_data)


def _lacking(queue: Queue, newest: UUID) -> TraceQuerySet:
    members = QueueMember.objects.filter(queue=queue, trace=OuterRef("pk"))
    traces = traces_of(queue=queue).filter(~Exists(members), id__lte=newest)
    if queue.newest is None or may_match_later(queue.where):
        return traces
    return traces.filter(id__gt=_looked_through(queue.newest))


def _looked_through(newest: UUID) -> UUID:
    """Give an id up to which nothing came since `newest` was the newest.

    An import whose traces come all at once has ids from as early as it began.
    """
    milliseconds = newest.int >> BITS_BELOW_TIME
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    imports = Job.objects.filter(kind__in=[IMPORT, IMPORT_FILE])
    under_way = imports.filter(Q(finished_at=None) | Q(finished_at__gt=at))
    if began := under_way.aggregate(began=Min("started_at"))["began"]:
        milliseconds = min(milliseconds, int(began.timestamp() * 1000))
    return UUID(int=max(milliseconds - LOOK_BACK_MILLISECONDS, 0) << BITS_BELOW_TIME)


def _add(queue: Queue, ids: list[UUID], filling: int) -> int | None:
    """Lock those that still match and add them; give how many.

    None where the queue is deleted: then they are to be rolled back. The lock has a verdict that is
    given meanwhile either seen here, or count there.
    """
    held = traces_of(queue=queue).filter(pk__in=ids).order_by("id")
    ids = list(held.select_for_update(no_key=True, of=("self",)).values_list("id", flat=True))
    order = ranking(queue=queue)
    statement = _ADD.format(rank=order.rank, wanted=order.wanted, join=order.join)
    values = {**order.parameters, "queue": queue.pk, "filling": filling, "ids": ids}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        added = cursor.rowcount
    existing = Queue.objects.existing().filter(pk=queue.pk)
    changed = existing.update(
        member_count=F("member_count") + added, left_count=F("left_count") + added
    )
    return added if changed else None
