"""Changing what may change of all traces that match a filter."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from events.actors import Actor, worker
from events.services import record_event
from jobs.models import Job
from jobs.progress import ErrorRow, Progress
from traces.curation.pieces import BulkPiece
from traces.document import MAX_TAGS
from traces.finding.filters import matching
from traces.services.bulk.counting import Counts, counts_of
from traces.services.bulk.freezing import start_frozen
from traces.services.bulk.rows import Change, change_rows
from traces.services.bulk.walking import work_pieces

BULK = "bulk"


@dataclass(frozen=True, kw_only=True)
class BulkChange(Change):
    """A validated request: validated filters, and what becomes of the traces that match them."""

    where: dict[str, Any]


def start_bulk_change(
    *, change: BulkChange, expected_count: int | None, parameters: dict[str, Any], by: Actor
) -> Job:
    """Queue a change of the traces that match now; Conflict where they are not as many as said.

    Unavailable where to find them takes too long. `parameters` is the request as it came.
    """
    return start_frozen(
        kind=BULK,
        where=change.where,
        expected_count=expected_count,
        parameters=parameters,
        by=by,
    )


def change_traces(
    *,
    change: BulkChange,
    job: Job,
    progress: Progress,
    by: Actor,
    newest: UUID | None = None,
) -> Counts:
    """Change what was confirmed, in pieces of one transaction each; a new status is reviewed.

    A trace that no longer matches was changed by somebody else: it is left as it is. So is one that
    would have more tags than it may, as an error of the job. What was before is kept with the
    traces, under the job's id. For a job whose ids were not kept it is what matches by now, of the
    traces up to `newest`.
    """
    pieces = BulkPiece.objects.filter(job=job)
    if newest is not None and not pieces.exists():
        BulkPiece.objects.freeze(job, matching(change.where).filter(pk__lte=newest))
    for piece in pieces.exclude(matched_count=None).iterator(chunk_size=10):  # by earlier attempts
        progress.done += len(piece.ids)
        progress.add_errors(_errors(piece))
    work_pieces(
        pieces=pieces.filter(matched_count=None),
        progress=progress,
        work=partial(_change, change=change, job=job, by=by),
    )
    return counts_of(job=job)


def tell_of_change(*, job: Job) -> None:
    """Record what a change did that ends now, if it changed anything."""
    count = counts_of(job=job).changed_count
    if not count:
        return
    change = job.parameters["set"]
    record_event(
        by=worker(user=job.created_by, job_id=job.pk),
        action="change",
        object_type="trace",
        before={"kept_in": ["traces_review", "traces_tagchange"], "job": job.pk},
        after={
            "status": change.get("status"),
            "add_tags": change.get("add_tags", []),
            "remove_tags": change.get("remove_tags", []),
        },
        count=count,
        where=job.parameters["where"],
    )


def _change(piece: BulkPiece, *, change: BulkChange, job: Job, by: Actor) -> Iterator[ErrorRow]:
    held = matching(change.where).filter(pk__in=piece.ids).order_by("id")
    ids = list(held.select_for_update(no_key=True, of=("self",)).values_list("id", flat=True))
    changed, refused = change_rows(
        trace_ids=ids, change=change, by=by, job=job.pk, max_tags=MAX_TAGS
    )
    piece.matched_count, piece.changed_count, piece.refused = len(ids), changed, refused
    piece.save(update_fields=["matched_count", "changed_count", "refused"])
    return _errors(piece)


def _errors(piece: BulkPiece) -> Iterator[ErrorRow]:
    for identity in piece.refused:
        yield ErrorRow(None, "tags", f"Trace {identity} would have more than {MAX_TAGS} tags.")
