"""All attempts at a prompt as one row: how many, whether they agree, how many pass."""

from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from rest_framework.request import Request

from traces.finding.filters import TraceFilters, matching
from traces.finding.prompts.attempts import ANSWER, MAX_ATTEMPTS
from traces.finding.prompts.order import (
    MOST_TRACES,
    PromptOrder,
    attempts_at_wanted,
    ordered_hashes,
)
from traces.models import Trace
from traces.querysets import PREVIEW_CHARS
from tunix_site.api.fields import ChoiceTextField, IntegerField, NumberField, TextField
from tunix_site.api.pagination import KeysetPagination, PageQuery

DEFAULT_CRITERIA = "answer_correctness"
DEFAULT_PASS_AT = 1.0

# Attempts that are equal are counted by a hash of their answer, as answers may be long. A score
# passes as in the list's `criteria` and `min_score`: whichever version of the scorer gave it.
DESCRIBE = f"""
    SELECT trace.id, prompt.*, left(trace.prompt, {PREVIEW_CHARS}) AS prompt_preview,
        left(trace.final_answer, {PREVIEW_CHARS}) AS most_frequent_answer
    FROM (
        WITH attempt AS (
            SELECT wanted.prompt_hash, found.id, found.answer, judged.passed
            FROM unnest(%s::uuid[]) AS wanted (prompt_hash)
            CROSS JOIN LATERAL ({{attempts}}) AS found (id, answer)
            CROSS JOIN LATERAL (
                SELECT bool_or(value >= %s) AS passed FROM traces_score
                WHERE trace_id = found.id AND criteria = %s
            ) AS judged
        ), answer AS (
            SELECT prompt_hash, count(*) AS attempt_count, count(passed) AS scored_count,
                count(*) FILTER (WHERE passed) AS passed_count,
                (array_agg(id ORDER BY id))[1] AS example
            FROM attempt GROUP BY prompt_hash, answer
        )
        SELECT prompt_hash, count(*) AS answer_count, sum(attempt_count) AS attempt_count,
            max(attempt_count) AS agreed_count, sum(scored_count) AS scored_count,
            sum(passed_count) AS passed_count,
            (array_agg(example ORDER BY attempt_count DESC, example))[1] AS example
        FROM answer GROUP BY prompt_hash
    ) AS prompt JOIN traces_trace AS trace ON trace.id = prompt.example
"""  # noqa: S608


class PromptFilters(TraceFilters):
    """The trace filters, which choose the attempts, what counts as passing, and the order."""

    min_count = IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="Attempts, at least (1)."
    )
    pass_criteria = TextField(
        max_length=64, required=False, help_text=f"The scores that count ({DEFAULT_CRITERIA})."
    )
    pass_at = NumberField(required=False, help_text=f"The least to pass ({DEFAULT_PASS_AT:g}).")
    order = ChoiceTextField(
        choices=PromptOrder.choices,
        required=False,
        help_text=f"Of all by their hashes (`hash`, the default), or of those of the newest "
        f"{MOST_TRACES:,} traces that match: whose answers differ most, with most attempts, or "
        "with the newest one.",
    )


class PromptQuery(PromptFilters, PageQuery):
    """The parameters of the list of prompts."""


class PromptPagination(KeysetPagination):
    """In an order; what a row says of its attempts is read for its page alone."""

    ordering = ("prompt_hash",)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        groups = super().paginate_queryset(queryset, request, view) or []
        return described(groups, view.query)

    def fetch(self, queryset: Any, query: dict[str, Any], limit: int) -> list[Any]:
        there = UUID(str(self.cursor.position)) if self.cursor else None
        return ordered_groups(query, there=there, back=self.is_back, limit=limit)


def prompt_groups(query: dict[str, Any]) -> QuerySet[Trace, Any]:
    """Group the traces that match by prompt: prompt_hash and trace_count."""
    traces: QuerySet[Trace, Any] = matching(query)
    groups = traces.values("prompt_hash").annotate(trace_count=Count("*"))
    if query.get("min_count", 1) > 1:
        groups = groups.filter(trace_count__gte=query["min_count"])
    return groups


def ordered_groups(
    query: dict[str, Any], *, there: UUID | None, back: bool, limit: int
) -> list[dict[str, Any]]:
    """Give the groups behind the prompt that is `there` or, back, before it, the next first."""
    groups, order = prompt_groups(query), PromptOrder(query.get("order", PromptOrder.HASH))
    if order == PromptOrder.HASH:
        if there is not None:
            groups = groups.filter(**{"prompt_hash__lt" if back else "prompt_hash__gt": there})
        return list(groups.order_by("-prompt_hash" if back else "prompt_hash")[:limit])
    hashes = ordered_hashes(
        query,
        order,
        min_count=query.get("min_count", 1),
        there=there,
        back=back,
        limit=limit,
    )
    found = {group["prompt_hash"]: group for group in groups.filter(prompt_hash__in=hashes)}
    return [found[prompt_hash] for prompt_hash in hashes if prompt_hash in found]


def prompt_with(prompt_hash: UUID) -> dict[str, Any] | None:
    """Give the row of one prompt; None where there is no attempt at it. Two queries."""
    groups = list(prompt_groups({"prompt_hash": prompt_hash}))
    return next(iter(described(groups, {"prompt_hash": prompt_hash})), None)


def described(groups: list[dict[str, Any]], query: dict[str, Any]) -> list[dict[str, Any]]:
    """Say of each group what its attempts are; one query for all."""
    if not groups:
        return []
    attempts = attempts_at_wanted(query).values_list("pk", ANSWER)[:MAX_ATTEMPTS]
    sql, params = attempts.query.sql_with_params()
    rows = Trace.objects.raw(
        DESCRIBE.format(attempts=sql),
        [
            [group["prompt_hash"] for group in groups],
            *params,
            query.get("pass_at", DEFAULT_PASS_AT),
            query.get("pass_criteria", DEFAULT_CRITERIA),
        ],
    )
    found = {row.prompt_hash: row for row in rows}
    return [
        _row(group, found[group["prompt_hash"]])
        for group in groups
        if group["prompt_hash"] in found  # not deleted since
    ]


def _row(group: dict[str, Any], attempts: Any) -> dict[str, Any]:
    scored = int(attempts.scored_count)
    return {
        "prompt_hash": group["prompt_hash"],
        "prompt_preview": attempts.prompt_preview,
        "trace_count": group["trace_count"],
        "answer_count": attempts.answer_count,
        "agreement": attempts.agreed_count / int(attempts.attempt_count),
        "most_frequent_answer": attempts.most_frequent_answer,
        "scored_count": scored,
        "pass_rate": int(attempts.passed_count) / scored if scored else None,
        "complete": group["trace_count"] <= MAX_ATTEMPTS,
    }
