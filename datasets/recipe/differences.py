"""What two JSON objects differ in."""

import json
from typing import Any

from django.db import connection

DIFFERING = """
SELECT key FROM jsonb_each(%s::jsonb) AS one FULL JOIN jsonb_each(%s::jsonb) AS other USING (key)
WHERE one.value IS DISTINCT FROM other.value
"""


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Name the keys, as the database compares their values: to Python, true equals 1."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERING, [json.dumps(one), json.dumps(other)])
        found = {key for (key,) in cursor.fetchall()}
    return [key for key in {**one, **other} if key in found]
