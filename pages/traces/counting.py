"""How many traces match: as the planner expects, and exactly where that is asked for."""

import json
from typing import Any

from django.db.models import QuerySet

from traces.finding.filters import matching
from tunix_site.database.patience import patience

MILLION = 1_000_000
SECONDS = 10.0  # of a statement that somebody waits for


def exactly(filters: dict[str, Any]) -> int:
    """Count all that match; Unavailable where that takes too long."""
    with patience(SECONDS):
        return matching(filters).order_by().count()


def expected(filters: dict[str, Any]) -> int:
    """Give the number of matches that the planner's statistics let expect."""
    return max(1, planned(matching(filters).order_by().values("pk")))


def planned(rows: QuerySet[Any, Any]) -> int:
    """Give the number of rows that the planner expects of a query, which is not run."""
    return int(json.loads(rows.explain(format="json"))[0]["Plan"]["Plan Rows"])


def about(number: int) -> str:
    """Say a number by its first two digits."""
    digits = max(0, len(str(number)) - 2)
    rounded = round(number, -digits)
    if rounded >= MILLION:
        return f"about {rounded / MILLION:,.1f} million".replace(".0 ", " ")
    return f"about {rounded:,}"
