"""People as superusers see them: a page of them, and what a form says of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from tunix_site.access.people import Person, person_of

ROWS = 50
MAX_SEARCH_CHARS = 150
ROLES = {
    "": "none: may not enter",
    "reader": "reader: looks at everything",
    "writer": "writer: brings traces in, too",
    "curator": "curator: reviews and builds datasets, too",
    "trainer": "trainer: all of it, and what trains",
    "superuser": "superuser: people and keys, deletes many, undoes what others did, too",
}


@dataclass(frozen=True)
class Row:
    """A user, and what they are."""

    user: Any
    person: Person


@dataclass(frozen=True)
class People:
    """Some people by name, and the name behind which the next ones begin."""

    rows: list[Row]
    asked: str
    further: str


def people_of(query: Mapping[str, str]) -> People:
    """Read a page of people by name; two queries."""
    asked = query.get("q", "")[:MAX_SEARCH_CHARS].replace("\0", "")
    found: QuerySet[Any] = get_user_model().objects.order_by("username")
    if asked:
        found = found.filter(username__icontains=asked)
    if after := query.get("after", "").replace("\0", ""):
        found = found.filter(username__gt=after)
    users = list(found.prefetch_related("groups")[: ROWS + 1])
    rows = [Row(user, person_of(user=user)) for user in users[:ROWS]]
    return People(rows, asked, rows[-1].user.username if len(users) > ROWS else "")


def person_sent(form: Mapping[str, str], prefix: str = "") -> Person:
    """Read what a form says of somebody; what was shown when it was opened has a prefix."""
    return Person(
        username=form.get(f"{prefix}username", "").strip(),
        role=form.get(f"{prefix}role", ""),
        is_active=form.get(f"{prefix}is_active", "") == "on",
    )
