"""Prompts by what their attempts are, among those of the newest traces that match."""

from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.expressions import RawSQL

from traces.finding.filters import matching, newest_first
from traces.finding.matches import newest_matches
from traces.finding.prompts.attempts import ANSWER
from traces.models import Trace
from traces.querysets import TraceQuerySet


class PromptOrder(models.TextChoices):
    HASH = "hash"
    DISAGREEMENT = "disagreement"
    ATTEMPTS = "attempts"
    NEWEST = "newest"


# To put all prompts in order, all attempts would have to be read.
MOST_TRACES = 4_000
MOST_ATTEMPTS = 1_000  # of a prompt, for its place

_KEYS = {  # the least first
    PromptOrder.DISAGREEMENT: ("agreement", "-attempts"),
    PromptOrder.ATTEMPTS: ("-attempts", "0"),
    PromptOrder.NEWEST: ("place", "0"),
}
_ORDERED = """
    WITH newest AS MATERIALIZED (
        SELECT prompt_hash, row_number() OVER (ORDER BY id DESC)::float8 AS place
        FROM ({newest}) AS found (id, prompt_hash)
    ), answer AS (
        SELECT wanted.*, found.answer, count(*)::float8 AS attempts
        FROM (SELECT prompt_hash, min(place) AS place FROM newest GROUP BY prompt_hash) AS wanted
        CROSS JOIN LATERAL ({attempts}) AS found (answer)
        GROUP BY prompt_hash, place, answer
    ), prompt AS (
        SELECT prompt_hash, place, sum(attempts) AS attempts,
            max(attempts) / sum(attempts) AS agreement
        FROM answer GROUP BY prompt_hash, place HAVING sum(attempts) >= %s
    ), ordered AS MATERIALIZED (
        SELECT {first}::float8 AS first, {second}::float8 AS second, prompt_hash FROM prompt
    )
    SELECT prompt_hash FROM ordered
    WHERE %s::uuid IS NULL OR (first, second, prompt_hash) {beyond} (
        SELECT first, second, prompt_hash FROM ordered WHERE prompt_hash = %s::uuid
    )
    ORDER BY first {way}, second {way}, prompt_hash {way} LIMIT %s
"""


def ordered_hashes(
    filters: dict[str, Any],
    order: PromptOrder,
    *,
    min_count: int,
    there: UUID | None,
    back: bool,
    limit: int,
) -> list[UUID]:
    """Give the hashes of prompts behind that `there` or, back, before it, the next first.

    There are none where that one is not among them any more.
    """
    rows = _newest(filters).values_list("pk", "prompt_hash")[:MOST_TRACES]
    answers = attempts_at_wanted(filters).values_list(ANSWER)[:MOST_ATTEMPTS]
    try:
        newest, of_newest = rows.query.sql_with_params()
        attempts, of_attempts = answers.query.sql_with_params()
    except EmptyResultSet:  # there is nothing to ask the database
        return []
    first, second = _KEYS[order]
    statement = _ORDERED.format(
        newest=newest,
        attempts=attempts,
        first=first,
        second=second,
        beyond="<" if back else ">",
        way="DESC" if back else "ASC",
    )
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, [*of_newest, *of_attempts, min_count, there, there, limit])
        return [prompt_hash for (prompt_hash,) in cursor.fetchall()]


def attempts_at_wanted(filters: dict[str, Any]) -> TraceQuerySet:
    """Give the traces that match and are of a prompt that SQL around calls `wanted`."""
    of_prompt = RawSQL("wanted.prompt_hash", [])
    return matching(filters).filter(prompt_hash=of_prompt).order_by()


def _newest(filters: dict[str, Any]) -> TraceQuerySet:
    """Give the traces that match, the newest first; of those that hold words no more than count."""
    if "q" not in filters:
        return newest_first(filters)
    others = {name: value for name, value in filters.items() if name != "q"}
    found = newest_matches(filters["q"], newest_first(others), limit=MOST_TRACES)
    return Trace.objects.filter(pk__in=found)
