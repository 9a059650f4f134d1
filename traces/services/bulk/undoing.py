"""Undoing a change of many traces, where nobody touched them since."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from events.actors import Actor, worker
from events.services import record_event
from jobs.models import Job
from jobs.progress import ErrorRow, Progress
from traces.curation.pieces import BulkPiece
from traces.models import Trace
from traces.services.bulk.rows import change_rows_back
from traces.services.bulk.walking import length_of, work_pieces
from tunix_site.errors import Conflict

UNDO = "undo"
MAX_LEFT = 1_000  # ids in the result

_OPEN = Q(undone_by=None)


def undo_bulk_change(*, job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Give traces the status and tags from before a change, in pieces of one transaction each.

    A trace of which that was changed again since is left as it is; the first MAX_LEFT are named.
    What another undoing that broke off did is done, and counts.
    """
    undone = job.undoes
    if undone is None:
        raise Conflict("What it did is not kept any more.")
    pieces = BulkPiece.objects.filter(job=undone).exclude(matched_count=None)
    if not pieces.exists() and (undone.result or {}).get("changed_count"):
        raise Conflict("What it did was not kept for that.")
    sizes = pieces.aggregate(
        total=Coalesce(Sum(length_of(array="ids")), 0),
        done=Coalesce(Sum(length_of(array="ids"), filter=~_OPEN), 0),
    )
    progress.total, progress.done = sizes["total"], sizes["done"]
    work_pieces(
        pieces=pieces.filter(_OPEN),
        progress=progress,
        work=partial(_undo, job=job, by=by),
    )
    return _result(pieces)


def tell_of_undoing(*, job: Job) -> None:
    """Record what an undoing did that ends now, if it restored anything."""
    undone = job.undoes
    if undone is None:
        return
    of_this = BulkPiece.objects.filter(job=undone, undone_by=job.pk)
    count = of_this.aggregate(count=Coalesce(Sum("restored_count"), 0))["count"]
    if not count:
        return
    record_event(
        by=worker(user=job.created_by, job_id=job.pk),
        action="undo",
        object_type="trace",
        before={"kept_in": ["traces_review", "traces_tagchange"], "job": undone.pk},
        after={"job": job.pk},
        count=count,
        where=undone.parameters.get("where"),
    )


def _undo(piece: BulkPiece, *, job: Job, by: Actor) -> Iterable[ErrorRow]:
    held = Trace.objects.filter(pk__in=piece.ids).order_by("id").select_for_update(no_key=True)
    piece.restored_count, piece.left = change_rows_back(
        trace_ids=list(held.values_list("id", flat=True)), undone=piece.job_id, by=by, job=job.pk
    )
    piece.undone_by = job.pk
    piece.save(update_fields=["undone_by", "restored_count", "left"])
    return ()


def _result(pieces: QuerySet[BulkPiece]) -> dict[str, Any]:
    left: list[str] = []
    counts = pieces.aggregate(
        restored_count=Coalesce(Sum("restored_count"), 0),
        left_count=Coalesce(Sum(length_of(array="left")), 0),
    )
    for ids in pieces.exclude(left=[]).values_list("left", flat=True).iterator(chunk_size=10):
        left += map(str, ids)
        if len(left) >= MAX_LEFT:
            break
    return {**counts, "left": left[:MAX_LEFT]}
