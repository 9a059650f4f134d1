"""Keeping filters of traces, for oneself or for all."""

from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.exceptions import NotFound, PermissionDenied

from events.actors import Actor
from events.services import record_event
from traces.curation.queues import SavedFilter
from tunix_site.errors import Conflict

MAX_FILTERS = 1_000  # of one person


def save_filter(
    *, name: str, where: dict[str, Any], team: bool, may_curate: bool, by: Actor
) -> SavedFilter:
    """Keep a filter; Forbidden for all to see where one may not curate.

    Conflict where one of this name is there, or the person keeps as many as one may.
    """
    if team and not may_curate:
        raise PermissionDenied("A filter for all needs the role curator.")
    if SavedFilter.objects.filter(owner=by.user).count() >= MAX_FILTERS:
        raise Conflict(f"You keep {MAX_FILTERS:,} filters: delete one first.")
    kept = SavedFilter(name=name, where=where, team=team, owner=by.user)
    try:
        with transaction.atomic():
            kept.save(force_insert=True)
            record_event(
                by=by,
                action="create",
                object_type="filter",
                object_id=kept.pk,
                after=_told(kept),
                where=where,
            )
    except IntegrityError:
        raise Conflict("A filter of this name is there already.") from None
    return kept


def delete_filter(*, kept: SavedFilter, may_curate: bool, by: Actor) -> None:
    """Delete a filter: one's own, or as a curator one that all see."""
    if kept.owner_id != by.user_id and not (kept.team and may_curate):
        raise PermissionDenied("It is somebody else's.")
    if not _deleted(kept, by):
        raise NotFound(f"Filter {kept.pk} not found.")


def delete_filters_of(*, owner: Any, by: Actor) -> None:
    """Delete all that somebody keeps, as goes with whoever is deleted."""
    for kept in SavedFilter.objects.filter(owner=owner).order_by("pk"):
        _deleted(kept, by)


@transaction.atomic
def _deleted(kept: SavedFilter, by: Actor) -> bool:
    identity = kept.pk
    deleted, _ = SavedFilter.objects.filter(pk=identity).delete()
    if deleted:
        record_event(
            by=by, action="delete", object_type="filter", object_id=identity, before=_told(kept)
        )
    return bool(deleted)


def _told(kept: SavedFilter) -> dict[str, Any]:
    return {"name": kept.name, "team": kept.team}
