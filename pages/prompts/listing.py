"""A page of the list of prompts, in an order."""

from collections.abc import Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Any

from django.http import QueryDict

from pages.shared.asked import Asked, address_with
from pages.shared.keyset import ROWS, From, Page, page_of
from pages.traces.asked import read_by
from traces.finding.filters import TraceFilters
from traces.finding.prompts.groups import (
    DEFAULT_CRITERIA,
    DEFAULT_PASS_AT,
    PromptFilters,
    described,
    ordered_groups,
)
from traces.finding.prompts.order import PromptOrder
from tunix_site.database.patience import patience

SECONDS = 10.0  # of a statement
SEVERAL = 2  # attempts, as of one there is nothing to compare
ORDER = "order"
ORDERS = {
    PromptOrder.DISAGREEMENT: "Most disagreement",
    PromptOrder.ATTEMPTS: "Most attempts",
    PromptOrder.NEWEST: "Newest",
}
OF_PROMPTS = PromptFilters().fields.keys() - TraceFilters().fields.keys()


def asked_by(query: QueryDict) -> Asked:
    """Read the filters and the order of an address."""
    return read_by(PromptFilters, query)


def order_of(asked: Asked) -> str:
    return str(asked.values.get(ORDER, PromptOrder.DISAGREEMENT))


def page_of_prompts(asked: Asked, start: From) -> Page[dict[str, Any]]:
    """Read a page; at about the same cost at any size. Unavailable where it takes too long."""
    query = {"min_count": SEVERAL, **asked.values, ORDER: order_of(asked)}
    with patience(SECONDS):
        groups = ordered_groups(query, there=start.row, back=start.back, limit=ROWS + 1)
        page = page_of(groups, start, id_of=itemgetter("prompt_hash"))
        rows = [_row(row, asked) for row in described([*page.rows], query)]
    return replace(page, rows=rows)


def _row(row: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """Add what leads to the attempts in the list of traces: to all, and to the right ones."""
    of_traces = {name: text for name, text in asked.texts.items() if name not in OF_PROMPTS}
    of_traces["prompt_hash"] = str(row["prompt_hash"])
    right = {
        "criteria": asked.texts.get("pass_criteria", DEFAULT_CRITERIA),
        "min_score": asked.texts.get("pass_at", f"{DEFAULT_PASS_AT:g}"),
    }
    has_own = "criteria" in of_traces  # which means other scores
    return {
        **row,
        "attempts": address_with(of_traces),
        "right": "" if has_own else address_with({**of_traces, **right}),
        "right_count": round((row["pass_rate"] or 0) * row["scored_count"]),
    }
