"""Counts of a dataset's rows that were not counted when it was built."""

from functools import lru_cache
from uuid import UUID

from django.db import connection

KEPT = 1_000


@lru_cache(maxsize=KEPT)
def counted(build_id: UUID, query: str, *parameters: str | int) -> dict[str | None, int]:
    """Give what a query counts, by reason; it is asked once, as a dataset never changes."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return dict(cursor.fetchall())
