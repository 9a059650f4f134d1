"""A page of the activity."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from events.models import Event
from pages.activity.names import names_of
from pages.activity.undoing import undoable_by
from pages.activity.words import Change, change_of, changed_by_job, review_of
from pages.shared.keyset import From, Page, page_from
from tunix_site.audit.finding import events_that_match


def page_of(filters: dict[str, Any], start: From, *, user: Any) -> Page[Change]:
    """Read a page: what was done, newest first; a query, and others for what can be undone."""
    page = page_from(events_that_match(Event.objects.all(), filters), start)
    return replace(page, rows=shown(page.rows, user=user))


def shown(events: Sequence[Event], *, user: Any) -> list[Change]:
    """Say what events tell, and what of it this user may undo."""
    undoable = undoable_by(
        user,
        reviews={review for event in events if (review := review_of(event)) is not None},
        jobs={job for event in events if (job := changed_by_job(event)) is not None},
    )
    told = {"is_superuser": user.is_superuser, "undoable": undoable, "names": names_of(events)}
    return [change_of(event, **told) for event in events]
