"""Queries that take longer than anybody waits."""

from typing import Any

from traces.finding.filters import matching


def sleeping(filters: dict[str, Any]) -> Any:
    """Give the traces that match, which takes the database a minute to find."""
    return matching(filters).extra(where=["(SELECT pg_sleep(60)::text) IS NOT NULL"])


def slow_rows(filters: dict[str, Any], **_: Any) -> list[Any]:
    return list(sleeping(filters))
