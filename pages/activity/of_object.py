"""What became of one thing: the tab "Changes" of its page.

A page takes `changes_of`, and includes `pages/activity/changes.html` with the answer as `changes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from events.models import Event
from pages.activity.listing import shown
from pages.activity.words import Change, fields_of, review_of
from traces.curation.tags import TagChange
from traces.models import Review, Trace
from traces.querysets import IMPORTED
from tunix_site.database.ids import uuid_in

MOST = 100  # that are shown of one thing


@dataclass(frozen=True)
class Changes:
    """What became of one thing, newest first; `address` has more where `is_cut`."""

    rows: list[Change]
    is_cut: bool
    address: str


def changes_of(object_type: str, object_id: object, *, user: Any) -> Changes:
    """Say what became of a trace, a dataset, a queue, a user and so on.

    Of a job that is also what it did. A query, and for a trace five more.
    """
    identity = uuid_in(str(object_id))
    if object_type == "trace" and identity:
        return _changes_of_trace(identity, user=user)
    named = Q(object_type=object_type, object_id=str(object_id))
    found = Event.objects.filter(named)
    query = {"object_type": object_type, "object_id": str(object_id)}
    if object_type == "job" and identity:
        found, query = Event.objects.filter(named | Q(job_id=identity)), {"job": str(identity)}
    events = list(found.order_by("-pk")[: MOST + 1])
    rows = _shown(events[:MOST], user, of=object_type)
    return _changes(rows, query, is_cut=len(events) > MOST)


def _changes_of_trace(trace: UUID, *, user: Any) -> Changes:
    """Say what became of a trace, by itself or among many, and who brought it in.

    Of a change of many there is one event, which names none of them: what it did to this one is
    told by its review and its change of tags.
    """
    query = {"object_type": "trace", "object_id": str(trace)}
    events = list(Event.objects.filter(**query).order_by("-pk")[: MOST + 1])
    named = [find(event) for event in events for find in (review_of, _undo_of)]
    told = {review for review in named if review is not None}
    many = [*_reviews(trace, told), *_tags(trace)]
    rows = [*_shown(events[:MOST], user, of="trace"), *many]
    rows.sort(key=lambda row: row.at, reverse=True)
    origin = list(_origin(trace))
    is_cut = max(len(events), len(rows)) > MOST
    return _changes([*rows[:MOST], *origin], query, is_cut=is_cut)


def _shown(events: list[Event], user: Any, *, of: str) -> list[Change]:
    """Say what events tell on the page of the thing itself, which needs no name there."""
    return [
        replace(row, deed=row.deed.removesuffix(" by"), kind="", thing="", address="")
        if event.object_id and event.object_type == of
        else row
        for row, event in zip(shown(events, user=user), events, strict=True)
    ]


def _changes(rows: list[Change], query: dict[str, str], *, is_cut: bool) -> Changes:
    return Changes(rows, is_cut, f"{reverse('activity')}?{urlencode(query)}")


def _undo_of(event: Event) -> int | None:
    return (event.after or {}).get("review") if event.action == "undo" else None


def _reviews(trace: UUID, told: set[int]) -> Iterator[Change]:
    """Say what reviews did that no event names: those of a change of many, or of an import."""
    reviews = Review.objects.filter(trace=trace).exclude(pk__in=told)
    for review in reviews.select_related("reviewer").order_by("-pk")[:MOST]:
        yield Change(
            at=review.created_at,
            who=review.reviewer.get_username(),
            way="job" if review.job else "import" if review.note == IMPORTED else "",
            deed="undid a change of" if review.undoes_id else "reviewed",
            kind="this and others",
            fields=fields_of({"status": review.status_before}, {"status": review.verdict}),
            job=review.job,
        )


def _tags(trace: UUID) -> Iterator[Change]:
    changes = TagChange.objects.filter(trace=trace, job__isnull=False).select_related("changed_by")
    for change in changes.order_by("-pk")[:MOST]:
        yield Change(
            at=change.created_at,
            who=change.changed_by.get_username(),
            way="job",
            deed="tagged",
            kind="this and others",
            fields=fields_of({"tags": change.before}, {"tags": change.after}),
            job=change.job,
        )


def _origin(trace: UUID) -> Iterator[Change]:
    """Say who brought the trace in, as far as it was noted."""
    columns = ("created_at", "created_by__username", "created_with__name", "source")
    found = Trace.objects.filter(pk=trace).values_list(*columns)
    for at, who, key, source in found:
        yield Change(
            at=at,
            who=who or "somebody who is not noted",
            way="",
            key=key or "",
            deed="brought it in",
            fields=fields_of({}, {"source": source}),
        )
