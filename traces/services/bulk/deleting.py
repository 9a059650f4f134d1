"""Deleting all traces that match a filter, but those that datasets hold."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import PROTECT
from rest_framework.exceptions import PermissionDenied

from events.actors import Actor
from events.services import record_deletions
from jobs.models import Job
from jobs.progress import ErrorRow, Progress
from traces.curation.members import QueueMember
from traces.curation.pieces import BulkPiece
from traces.finding.filters import matching
from traces.models import Trace
from traces.services.bulk.counting import counts_of
from traces.services.bulk.freezing import start_frozen
from traces.services.bulk.walking import work_pieces
from traces.services.curation import TOLD
from traces.services.queues.verdicts import leave_queues
from tunix_site.access.roles import acts_as_superuser

BULK_DELETE = "bulk_delete"
OF_SUPERUSERS = "Only superusers delete many traces: reject them."
MAX_KEPT = 1_000  # ids in the result
IN_USE = "what somebody made of it just now"
TRIES = 3  # of a piece: somebody may refer to one of its traces meanwhile


@dataclass(frozen=True, kw_only=True)
class BulkDeletion:
    """A validated request: validated filters, and how many traces whoever asks knows to match."""

    where: dict[str, Any]
    expected_count: int


def start_bulk_deletion(*, deletion: BulkDeletion, parameters: dict[str, Any], by: Actor) -> Job:
    """Queue the deletion of the traces that match now; Forbidden but for superusers.

    Conflict where they are not as many as said, Unavailable where to find them takes too long.
    `parameters` is the request as it came.
    """
    if not acts_as_superuser(by):
        raise PermissionDenied(OF_SUPERUSERS)
    return start_frozen(
        kind=BULK_DELETE,
        where=deletion.where,
        expected_count=deletion.expected_count,
        parameters=parameters,
        by=by,
    )


def delete_traces(
    *, deletion: BulkDeletion, job: Job, progress: Progress, by: Actor
) -> dict[str, Any]:
    """Delete what was confirmed, in pieces of one transaction each, with scores and reviews.

    A trace that no longer matches was changed by somebody else: it stays. So does one that a
    dataset holds, or that somebody makes something of just then: it is named in an error of the
    job, and the first MAX_KEPT are in the result.
    """
    pieces = BulkPiece.objects.filter(job=job)
    for piece in pieces.exclude(matched_count=None).iterator(chunk_size=10):  # by earlier attempts
        progress.done += len(piece.ids)
        progress.add_errors(_errors(_holders_of(piece.refused)))
    work_pieces(
        pieces=pieces.filter(matched_count=None),
        progress=progress,
        work=partial(_delete, where=deletion.where, by=by),
    )
    return _result(job)


def _delete(piece: BulkPiece, *, where: dict[str, Any], by: Actor) -> Iterator[ErrorRow]:
    held = matching(where).filter(pk__in=piece.ids).order_by("id")
    ids = list(held.select_for_update(no_key=True, of=("self",)).values_list("id", flat=True))
    holders = _delete_free(ids, by)
    if holders is None:
        holders = _delete_each(ids, by)
    piece.matched_count, piece.refused = len(ids), [*holders]
    piece.changed_count = len(ids) - len(holders)
    piece.save(update_fields=["matched_count", "changed_count", "refused"])
    return _errors(holders)


def _delete_free(ids: list[UUID], by: Actor) -> dict[UUID, list[str]] | None:
    """Delete traces that are locked, and name what holds the others; None where one is never free.

    That is where somebody refers to it between the look and the deletion, each time.
    """
    for _ in range(TRIES):
        holders = _holders_of(ids)
        try:
            with transaction.atomic():
                _delete_rows([identity for identity in ids if identity not in holders], by)
                connection.check_constraints()
        except IntegrityError:
            continue
        return holders
    return None


def _delete_each(ids: list[UUID], by: Actor) -> dict[UUID, list[str]]:
    """Delete traces one by one, so that one that is never free stays alone."""
    holders: dict[UUID, list[str]] = {}
    for identity in ids:
        held = _delete_free([identity], by)
        holders |= {identity: [IN_USE]} if held is None else held
    return holders


def _delete_rows(ids: list[UUID], by: Actor) -> None:
    """Delete traces that are locked and free; what is told of each stays."""
    traces = Trace.objects.filter(pk__in=ids).order_by("pk")
    told = {row["pk"]: {name: row[name] for name in TOLD} for row in traces.values("pk", *TOLD)}
    members = list(QueueMember.objects.filter(trace__in=ids))
    traces.only("pk").delete()
    record_deletions(by=by, object_type="trace", before=told)
    leave_queues(members=members, by=by)


def _holders_of(ids: list[UUID]) -> dict[UUID, list[str]]:
    """Name what holds traces, by the traces' ids: what protects them from being deleted."""
    found: dict[UUID, set[str]] = defaultdict(set)
    for relation in Trace._meta.related_objects:
        if relation.on_delete is PROTECT:
            rows = relation.related_model._base_manager.filter(
                **{f"{relation.field.name}__in": ids}
            )
            for holder in rows.iterator(chunk_size=1_000):
                found[getattr(holder, relation.field.attname)].add(str(holder))
    return {identity: sorted(names) for identity, names in sorted(found.items())}


def _errors(holders: dict[UUID, list[str]]) -> Iterator[ErrorRow]:
    for identity, names in holders.items():
        yield ErrorRow(None, "trace", f"Trace {identity} is held by: {', '.join(names)}.")


def _result(job: Job) -> dict[str, Any]:
    counts = counts_of(job=job)
    kept: list[str] = []
    pieces = BulkPiece.objects.filter(job=job).exclude(refused=[])
    for ids in pieces.values_list("refused", flat=True).iterator(chunk_size=10):
        kept += map(str, ids)
        if len(kept) >= MAX_KEPT:
            break
    return {
        "matched_count": counts.matched_count,
        "deleted_count": counts.changed_count,
        "kept_count": counts.refused_count,
        "kept": kept[:MAX_KEPT],
    }
