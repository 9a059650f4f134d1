"""Noting what is done."""

from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from events.actors import Actor
from events.models import Event

MAX_JSON_CHARS = 16_384  # of each value: a filter may be as long as a request


def record_event(
    *,
    by: Actor,
    action: str,
    object_type: str,
    object_id: object = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    count: int | None = None,
    where: dict[str, Any] | None = None,
) -> Event:
    """Add the row that tells of a change, in the transaction of the change itself. One query.

    Values are those of the fields that changed, never content; what is longer than MAX_JSON_CHARS
    is told by its length.
    """
    return Event.objects.create(
        **_told_of(by),
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        before=_bounded(before),
        after=_bounded(after),
        count=count,
        where=_bounded(where),
    )


def record_deletions(
    *, by: Actor, object_type: str, before: Mapping[object, dict[str, Any]]
) -> None:
    """Add a row for each of many things that are deleted, by their ids: nothing else is kept of it.

    One query.
    """
    Event.objects.bulk_create(
        Event(
            **_told_of(by),
            action="delete",
            object_type=object_type,
            object_id=str(identity),
            before=_bounded(told),
        )
        for identity, told in before.items()
    )


def _told_of(by: Actor) -> dict[str, Any]:
    return {
        "actor_id": by.user_id,
        "actor_name": by.name,
        "key_id": by.key_id,
        "key_name": by.key.name if by.key is not None else "",
        "through": by.through,
        "job_id": by.job_id,
    }


def _bounded(value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is None:
        return None
    length = len(DjangoJSONEncoder().encode(value))
    return value if length <= MAX_JSON_CHARS else {"left_out_chars": length}
