"""Events in words: what was done to what, and from what to what."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from events.models import Event, Through
from pages.activity.names import Names
from pages.activity.undoing import Undoable

DEEDS = {
    "create": "made",
    "import": "imported",
    "review": "reviewed",
    "undo": "undid a change of",
    "tag": "tagged",
    "score": "scored",
    "change": "changed",
    "delete": "deleted",
    "build": "built",
    "start": "started",
    "cancel": "cancelled",
    "issue": "issued",
    "revoke": "revoked",
    "set_password": "set the password of",
    "restore": "restored a backup into",
}
KINDS = {
    "trace": ("trace", "traces"),
    "filter": ("saved filter", "saved filters"),
    "evalset": ("evaluation set", "evaluation sets"),
    "key": ("API key", "API keys"),
    "database": ("the database", "databases"),
}
COUNTED = {"dataset": "traces", "job": "traces", "evalset": "questions"}  # of one of a kind
WAYS = {
    Through.API: "API",
    Through.ADMIN: "pages",
    Through.COMMAND: "command",
    Through.WORKER: "job",
}
# The pages of one of a kind; of the last ones a superuser's alone.
PLACES = {
    "trace": "traces-trace",
    "dataset": "dataset",
    "evalset": "evalset",
    "job": "job",
    "preference": "admin:traces_preference_change",
}
OF_SUPERUSERS = {
    "user": "settings-person",
    "group": "admin:auth_group_change",
    "key": "admin:tunix_site_apikey_change",
}
LEFT_OUT = frozenset({"review", "job", "kept_in"})  # of what is told: it is shown by links
EMPTY: tuple[Any, ...] = (None, "", [], {})
MAX_CHARS = 200


@dataclass(frozen=True)
class Field:
    """A field that changed, with the texts of what it was and is."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that was done, as people read it."""

    at: datetime
    who: str
    way: str
    key: str = ""
    deed: str
    kind: str = ""
    thing: str = ""
    address: str = ""
    many: str = ""  # how many things it was done to, where they are several
    size: str = ""  # of what, of one, and how many
    where: str = ""
    fields: list[Field] = field(default_factory=list)
    job: UUID | None = None
    undo: dict[str, Any] | None = None  # what a form names to undo it, if it can be


def named(object_type: str) -> str:
    """Name a kind of thing."""
    return KINDS.get(object_type, (object_type,))[0]


def change_of(event: Event, *, is_superuser: bool, undoable: Undoable, names: Names) -> Change:
    """Say what an event tells."""
    one, many = KINDS.get(event.object_type, (event.object_type, f"{event.object_type}s"))
    return Change(
        at=event.at,
        who=event.actor_name,
        way=WAYS[Through(event.through)],
        key=event.key_name,
        deed=_deed_of(event),
        kind=one if event.object_id or event.count in (None, 1) else many,
        thing=names.get((event.object_type, event.object_id), event.object_id),
        address=_address_of(event, is_superuser=is_superuser),
        many=_number(event.count) if not event.object_id else "",
        size=_size_of(event) if event.action != "import" else "",
        where=filter_text(event.where or {}),
        fields=fields_of(event.before or {}, event.after or {}),
        job=event.job_id,
        undo=_undo_of(event, undoable),
    )


def review_of(event: Event) -> int | None:
    """Give the id of the review that an event tells of."""
    found = (event.after or {}).get("review") if event.action == "review" else None
    return found if isinstance(found, int) else None


def changed_by_job(event: Event) -> UUID | None:
    """Give the job of a change of many traces."""
    return event.job_id if (event.action, event.object_type) == ("change", "trace") else None


def _undo_of(event: Event, undoable: Undoable) -> dict[str, Any] | None:
    if (review := review_of(event)) in undoable.reviews:
        return {"review": review}
    if (job := changed_by_job(event)) in undoable.jobs:
        return {"job": job}
    return None


def fields_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Field]:
    """Give the fields that an event tells of and that are not the same before and after."""
    names = [name for name in {**before, **after} if name not in LEFT_OUT]
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return [
        Field(name.replace("_", " "), text_of_value(was), text_of_value(now))
        for name, was, now in pairs
        if was != now and not (was in EMPTY and now in EMPTY)
    ]


def text_of_value(value: Any) -> str:
    """Write a value shortly: words as they are, lists of words by commas, all else as JSON."""
    if value in EMPTY and not isinstance(value, bool | int):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…"


def filter_text(where: Mapping[str, Any]) -> str:
    """Write a filter as its address would have it."""
    text = ", ".join(f"{name} = {_filtered_by(name, value)}" for name, value in where.items())
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…"


def _deed_of(event: Event) -> str:
    deed = DEEDS.get(event.action, event.action)
    return f"{deed} {_size_of(event) or 'traces'} by" if event.action == "import" else deed


def _filtered_by(name: str, value: Any) -> str:
    """Write the value of a filter; of several ids their number, as nobody reads them."""
    count = value.count(",") + 1 if name == "ids" and isinstance(value, str) else 1
    return f"{count:,} of them" if count > 1 else text_of_value(value)


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _size_of(event: Event) -> str:
    counted = COUNTED.get(event.object_type)
    told = event.object_id and event.count is not None and counted
    return f"{_number(event.count)} {counted}" if told else ""


def _address_of(event: Event, *, is_superuser: bool) -> str:
    """Give the page of what an event is about; none where it was deleted by it."""
    if not event.object_id or event.action == "delete":
        return ""
    if event.object_type == "queue":
        return reverse("review-queues")
    places = {**PLACES, **OF_SUPERUSERS} if is_superuser else PLACES
    name = places.get(event.object_type)
    try:
        return reverse(name, args=[event.object_id]) if name else ""
    except NoReverseMatch:  # no id that this version would give
        return ""
