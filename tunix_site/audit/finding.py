"""Events by who did what, when and through what; each filter goes by an index."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from events.models import (
    MAX_ACTION_CHARS,
    MAX_ID_CHARS,
    MAX_NAME_CHARS,
    MAX_TYPE_CHARS,
    Event,
    Through,
)
from tunix_site.api.fields import ChoiceTextField, DateTimeField, TextField, UUIDField
from tunix_site.api.pagination import PageQuery

EQUAL = {
    "actor": "actor_name",
    "through": "through",
    "action": "action",
    "object_type": "object_type",
    "object_id": "object_id",
}
OF_JOBS = "job"
BITS_BELOW_TIME = 80  # of a UUID version 7, whose first 48 are milliseconds
# Ids are given beside the time, and keep rising where a clock is set back.
APART_MILLISECONDS = 60_000


class EventQuery(PageQuery):
    """The filters of events."""

    actor = TextField(
        max_length=MAX_NAME_CHARS, required=False, help_text="By the name of then, whole."
    )
    through = ChoiceTextField(
        choices=Through.values, required=False, help_text="Came in through this."
    )
    action = TextField(
        max_length=MAX_ACTION_CHARS,
        required=False,
        help_text="What was done: `review`, `build`, `delete` and so on.",
    )
    object_type = TextField(
        max_length=MAX_TYPE_CHARS,
        required=False,
        help_text="Of things of this kind: `trace`, `queue`, `dataset` and so on.",
    )
    object_id = TextField(
        max_length=MAX_ID_CHARS,
        required=False,
        help_text="Names this one, by its id or key.",
    )
    job = UUIDField(required=False, help_text="What a job did, and what was done to it.")
    created_after = DateTimeField(required=False, help_text="At or after, ISO 8601.")
    created_before = DateTimeField(required=False, help_text="Before, ISO 8601.")


def events_that_match(events: QuerySet[Event], query: dict[str, Any]) -> QuerySet[Event]:
    """Keep the events that match; those of a time are found by their ids, in which it stands."""
    found = events.filter(
        **{column: query[name] for name, column in EQUAL.items() if name in query}
    )
    if "job" in query:
        job = query["job"]
        found = found.filter(Q(job_id=job) | Q(object_type=OF_JOBS, object_id=str(job)))
    if after := query.get("created_after"):
        found = found.filter(at__gte=after, id__gte=id_near(after, -APART_MILLISECONDS))
    if before := query.get("created_before"):
        found = found.filter(at__lt=before, id__lt=id_near(before, APART_MILLISECONDS))
    return found


def id_near(moment: datetime, apart: int) -> UUID:
    """Give the first id of a moment, some milliseconds before or after."""
    milliseconds = max(0, int(moment.timestamp() * 1000) + apart)
    return UUID(int=milliseconds << BITS_BELOW_TIME)


MOST_VALUES = 100
# From one value to the next by the index, however many rows have it.
_VALUES = """
    WITH RECURSIVE found AS (
        (SELECT {column} AS value FROM events_event ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (
            SELECT {column} FROM events_event WHERE {column} > found.value
            ORDER BY {column} LIMIT 1
        ) FROM found WHERE found.value IS NOT NULL
    )
    SELECT value FROM found WHERE value IS NOT NULL LIMIT %s
"""


def known_values(column: Literal["actor_name", "action", "object_type"]) -> list[str]:
    """Give the first values that there are of a column with an index; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_VALUES.format(column=column), [MOST_VALUES])
        return [value for (value,) in cursor.fetchall()]
