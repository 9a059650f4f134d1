"""Making queues, changing what may change of them, and deleting them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound

from events.actors import Actor
from events.services import record_event
from traces.curation.queues import Guideline, Queue
from traces.services.queues.claims import end_claims_in
from traces.services.queues.filling import start_filling, traces_of
from traces.services.walking import counted_in_time
from tunix_site.errors import Conflict, Invalid

TOLD = ("name", "blind", "reasons", "step_labels")  # of what may change
TAKEN = "A queue of this name is there already."
OF_ONE = "Of some of its traces two people are asked, and this is one: name another, or nobody."


class ChangedMeanwhile(Conflict):
    """Somebody else changed the queue since it was shown."""

    default_detail = "Somebody else changed this queue meanwhile."


@dataclass(frozen=True, kw_only=True)
class NewQueue:
    """A validated request; `where` as it came. People are named, none for everybody."""

    name: str
    where: dict[str, Any]
    order: str
    criteria: str = ""
    seed: int = 0
    overlap: float = 0
    blind: bool = False
    reasons: Sequence[str] = ()
    step_labels: bool = False
    guideline: str = ""
    people: Sequence[str] = field(default_factory=tuple)


def create_queue(*, new: NewQueue, by: Actor) -> Queue:
    """Make a queue and start to fill it; Conflict where one of this name is there.

    Invalid, by its place, where a person is unknown, and where one alone is to give two verdicts.
    """
    people = _people(new.people, overlap=new.overlap)
    with transaction.atomic():
        queue = Queue(
            name=new.name,
            where=new.where,
            order=new.order,
            criteria=new.criteria,
            seed=new.seed,
            overlap=new.overlap,
            blind=new.blind,
            reasons=list(new.reasons),
            step_labels=new.step_labels,
            created_by=by.user,
        )
        _save(queue)
        queue.people.set(people)
        if new.guideline:
            _add_guideline(queue, new.guideline, by)
        record_event(
            by=by,
            action="create",
            object_type="queue",
            object_id=queue.pk,
            after={**_told(queue, new.people), "order": queue.order, "overlap": queue.overlap},
            where=queue.where,
        )
        start_filling(queue=queue, by=by, total=counted_in_time(traces=traces_of(queue=queue)))
    queue.refresh_from_db()
    return queue


def change_queue(
    *, queue: Queue, changes: dict[str, Any], by: Actor, expected: str | None = None
) -> Queue:
    """Change name, people and what they are told and asked; its traces and their order stay.

    Another guideline is a new version. Conflict and Invalid as for a new one, and Conflict where
    the queue's `version_of` is another than was expected. NotFound where it was deleted meanwhile.
    """
    with transaction.atomic():
        queue = _locked(queue)
        before = _told(queue, _named(queue))
        if expected not in (None, _digest(before)):
            raise ChangedMeanwhile
        for name in set(changes) & set(TOLD):
            setattr(queue, name, changes[name])
        _save(queue, update_fields=TOLD)
        if "people" in changes:
            queue.people.set(_people(changes["people"], overlap=queue.overlap))
        guideline = queue.guideline
        text = changes.get("guideline")
        if text is not None and text != (guideline.text if guideline else ""):
            _add_guideline(queue, text, by)
        after = _told(queue, _named(queue))
        if after != before:
            record_event(
                by=by,
                action="change",
                object_type="queue",
                object_id=queue.pk,
                before=before,
                after=after,
            )
    return queue


def version_of(*, queue: Queue) -> str:
    """Give a digest of what may change of a queue."""
    return _digest(_told(queue, _named(queue)))


def take_out(*, person: Any, by: Actor) -> None:
    """Take somebody out of all queues; one that was theirs alone is everybody's then.

    So is one that wants two verdicts, where a single person would be left.
    """
    for queue in Queue.objects.existing().filter(people=person).order_by("pk"):
        others = [name for name in _named(queue) if name != person.get_username()]
        left = [] if _are_too_few(others, queue.overlap) else others
        change_queue(queue=queue, changes={"people": left}, by=by)


def delete_queue(*, queue: Queue, by: Actor) -> None:
    """Delete a queue with what is claimed in it; its reviews stay. Conflict: that of disputes."""
    if queue.is_of_disputes:
        raise Conflict("The queue of disputes stays, for those to come.")
    with transaction.atomic():
        existing = Queue.objects.existing().filter(pk=queue.pk)
        if existing.update(deleted_at=timezone.now()):
            end_claims_in(queue=queue, by=by)
            record_event(
                by=by,
                action="delete",
                object_type="queue",
                object_id=queue.pk,
                before={"name": queue.name},
            )


def _locked(queue: Queue) -> Queue:
    locked = Queue.objects.existing().select_for_update(no_key=True).filter(pk=queue.pk).first()
    if locked is None:
        raise NotFound(f"There is no queue {queue.pk} any more.")
    return locked


def _save(queue: Queue, update_fields: Sequence[str] | None = None) -> None:
    try:
        with transaction.atomic():
            queue.save(update_fields=update_fields)
    except IntegrityError:
        raise Conflict(TAKEN) from None


def _are_too_few(names: Sequence[str], overlap: float) -> bool:
    """Tell whether two verdicts are wanted of one person: such a trace would wait for ever."""
    return overlap > 0 and len(set(names)) == 1


def _people(names: Sequence[str], *, overlap: float) -> list[Any]:
    found = {
        user.get_username(): user for user in get_user_model().objects.filter(username__in=names)
    }
    if unknown := {
        str(position): [f"There is no such user: {name}."]
        for position, name in enumerate(names)
        if name not in found
    }:
        raise Invalid({"people": unknown})
    if _are_too_few(names, overlap):
        raise Invalid({"people": [OF_ONE]})
    return list(found.values())


def _add_guideline(queue: Queue, text: str, by: Actor) -> None:
    latest = queue.guideline
    version = latest.version + 1 if latest else 1
    Guideline.objects.create(queue=queue, version=version, text=text, created_by=by.user)


def _named(queue: Queue) -> list[str]:
    return sorted(queue.people.values_list("username", flat=True))


def _digest(told: dict[str, Any]) -> str:
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _told(queue: Queue, people: Sequence[str]) -> dict[str, Any]:
    """Say of a queue what may change, of its guideline the version alone."""
    guideline = queue.guideline
    return {
        **{name: getattr(queue, name) for name in TOLD},
        "people": sorted(people),
        "guideline": guideline.version if guideline else None,
    }
