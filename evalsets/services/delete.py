"""Deleting evaluation sets, unless something is held by them."""

from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound

from evalsets.models import EvalItem, EvalSet
from events.actors import Actor
from events.services import record_event
from tunix_site.errors import Conflict

Namer = Callable[[EvalSet], Iterable[str]]

_namers: list[Namer] = []


def register_namer(*, namer: Namer) -> None:
    """Have a function say, before a set is deleted, what names it; the apps above add theirs.

    It is called in the transaction of the deletion, which locks the set's row against whoever holds
    it: whoever names a set holds that first (FOR SHARE, so that others may name it meanwhile).
    """
    _namers.append(namer)


def delete_evalset(*, evalset: EvalSet, by: Actor) -> None:
    """Delete a set's items; its row stays to hold the key. Conflict while something names it.

    NotFound where it was deleted meanwhile.
    """
    with transaction.atomic():
        held = EvalSet.objects.existing().select_for_update(no_key=True).filter(pk=evalset.pk)
        try:
            evalset = held.get()
        except EvalSet.DoesNotExist:  # somebody was quicker
            raise NotFound from None
        keys = sorted({key for namer in _namers for key in namer(evalset)})
        if keys:
            raise Conflict(f"{evalset.key} is named by: {', '.join(keys)}.")
        evalset.deleted_at = timezone.now()
        evalset.save(update_fields=["deleted_at"])
        EvalItem.objects.filter(evalset=evalset).delete()
        record_event(
            by=by,
            action="delete",
            object_type="evalset",
            object_id=evalset.key,
            before={"digest": evalset.digest},
            count=evalset.item_count,
        )
