"""What this version shows otherwise than the one before. All else is as it was, to the byte."""

from collections.abc import Callable
from typing import Any

Change = Callable[[dict[str, Any]], dict[str, Any]]


def requeued(job: dict[str, Any]) -> dict[str, Any]:
    """Its worker died long ago: whoever looks at it gives it back to its queue."""
    return {**job, "state": "queued"} if job["state"] == "running" else job


# Each makes of what was shown what is to be shown now.
SHOWN: dict[str, Change] = {"jobs": requeued}  # by the noun in the path
EXPORTED: dict[str, Change] = {}  # by format, a row of it
STORED: dict[str, Change] = {}  # by table, a row of it
