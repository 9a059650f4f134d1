"""All attempts at a prompt as one row: how many, whether they agree, how many pass."""

from typing import Any

from django.db.models import BigIntegerField, Count, F, Func, QuerySet, Value
from django.db.models.expressions import RawSQL
from rest_framework.request import Request

from traces.finding.filters import TraceFilters, matching
from traces.models import Trace
from traces.querysets import PREVIEW_CHARS
from tunix_site.api.fields import IntegerField, NumberField, TextField
from tunix_site.api.pagination import KeysetPagination, PageQuery

MAX_ATTEMPTS = 10_000  # that are looked at, of one prompt
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


class PromptQuery(TraceFilters, PageQuery):
    """The trace filters, which choose the attempts, and what counts as passing."""

    min_count = IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="Attempts, at least (1)."
    )
    pass_criteria = TextField(
        max_length=64, required=False, help_text=f"The scores that count ({DEFAULT_CRITERIA})."
    )
    pass_at = NumberField(required=False, help_text=f"The least to pass ({DEFAULT_PASS_AT:g}).")


class PromptPagination(KeysetPagination):
    """In the order of prompt hashes; what a row says of its attempts is read for its page alone."""

    ordering = ("prompt_hash",)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        groups = super().paginate_queryset(queryset, request, view) or []
        return _described(groups, view.query)


def prompt_groups(query: dict[str, Any]) -> QuerySet[Trace, Any]:
    """Group the traces that match by prompt: prompt_hash and trace_count."""
    traces: QuerySet[Trace, Any] = matching(query)
    groups = traces.values("prompt_hash").annotate(trace_count=Count("*"))
    if query.get("min_count", 1) > 1:
        groups = groups.filter(trace_count__gte=query["min_count"])
    return groups


def _described(groups: list[dict[str, Any]], query: dict[str, Any]) -> list[dict[str, Any]]:
    """Say of each group what its attempts are; one query for all."""
    if not groups:
        return []
    answer = Func(
        F("final_answer"),
        Value(0),
        function="hashtextextended",
        output_field=BigIntegerField(),
    )
    attempts = matching(query).filter(prompt_hash=RawSQL("wanted.prompt_hash", []))
    sql, params = (
        attempts.order_by().values_list("pk", answer)[:MAX_ATTEMPTS].query.sql_with_params()
    )
    described = Trace.objects.raw(
        DESCRIBE.format(attempts=sql),
        [
            [group["prompt_hash"] for group in groups],
            *params,
            query.get("pass_at", DEFAULT_PASS_AT),
            query.get("pass_criteria", DEFAULT_CRITERIA),
        ],
    )
    found = {row.prompt_hash: row for row in described}
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
