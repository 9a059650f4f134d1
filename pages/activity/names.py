"""The names of things that events know by their numbers alone."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model

from events.models import Event
from traces.curation.queues import Queue, SavedFilter
from tunix_site.database.ids import number_in

NAMED: dict[str, tuple[type[Model], str]] = {
    "user": (get_user_model(), "username"),
    "queue": (Queue, "name"),
    "filter": (SavedFilter, "name"),
}

Names = dict[tuple[str, str], str]


def names_of(events: Iterable[Event]) -> Names:
    """Give the names of what events are about, where it is there; a query for each kind."""
    asked: dict[str, set[str]] = {}
    for event in events:
        if event.object_type in NAMED:
            asked.setdefault(event.object_type, set()).add(event.object_id)
    return {(kind, str(pk)): name for kind, ids in asked.items() for pk, name in _found(kind, ids)}


def name_of(kind: str, thing: str) -> str:
    """Give the name of one thing, or else what it was asked by."""
    found = dict(_found(kind, {thing})) if kind in NAMED else {}
    return str(next(iter(found.values()), thing))


def _found(kind: str, ids: set[str]) -> Iterable[tuple[Any, str]]:
    model, column = NAMED[kind]
    numbers = [number for one in ids if (number := number_in(one)) is not None]
    return model._default_manager.filter(pk__in=numbers).values_list("pk", column)
