"""All that the page of a prompt's attempts shows."""

from operator import attrgetter
from typing import Any
from uuid import UUID

from django.http import QueryDict
from rest_framework.exceptions import NotFound

from pages.prompts.chosen import chosen_by
from pages.prompts.preferred import MOST as MOST_PREFERENCES
from pages.prompts.preferred import choices, preferences_at
from pages.review.attempts import MOST, columns_of
from pages.review.beside import shortened
from pages.review.finding import trace_with
from pages.review.shown import is_long
from pages.shared.keyset import From, page_of, rows_from
from pages.text.texts import Texts
from traces.finding.prompts.attempts import MAX_ATTEMPTS
from traces.finding.prompts.groups import prompt_with
from traces.models import Trace
from tunix_site.database.ids import uuid_in


def prompt_in(address: str) -> UUID:
    """Read the hash of a prompt; NotFound where it is none."""
    prompt_hash = uuid_in(address)
    if prompt_hash is None:
        raise NotFound(f"Prompt {address} not found.")
    return prompt_hash


def attempt_in(address: str, trace: str) -> Trace:
    """Find an attempt at a prompt; NotFound where the trace is none."""
    found = trace_with(trace)
    if found.prompt_hash != prompt_in(address):
        raise NotFound(f"Trace {trace} is no attempt at this prompt.")
    return found


def context_of(prompt_hash: UUID, query: QueryDict, *, user: Any) -> dict[str, Any]:
    """Give what the template of attempts takes; some ten queries, however many there are."""
    row = prompt_with(prompt_hash)
    if row is None:
        raise NotFound(f"Prompt {prompt_hash} not found.")
    chosen, start = chosen_by(query, prompt_hash), From.asked(query)
    if not chosen.traces:  # they were deleted meanwhile
        raise NotFound(f"Prompt {prompt_hash} not found.")
    attempts = Trace.objects.filter(prompt_hash=prompt_hash)
    page = page_of(shortened(rows_from(attempts, start)), start, id_of=attrgetter("id"))
    over = choices(chosen.traces, user)
    numbers = {trace.pk: number for number, trace in enumerate(chosen.traces, 1)}
    listed = {attempt.id for attempt in page.rows}
    prompt, preferences = chosen.traces[0].prompt, preferences_at(prompt_hash)
    return {
        "row": row,
        "most_attempts": MAX_ATTEMPTS,
        "right_count": round((row["pass_rate"] or 0) * row["scored_count"]),
        "prompt": Texts().show(prompt),
        "is_long": is_long(prompt),
        "columns": [
            {"number": numbers[one.id], "of": one, "over": over[one.id]}
            for one in columns_of(chosen.traces)
        ],
        "wrong": chosen.wrong,
        "most": MOST,
        "page": page,
        "numbers": numbers,
        "unlisted": [identity for identity in chosen.named if identity not in listed],
        "columns_query": chosen.query,
        "preferences": preferences,
        "most_preferences": len(preferences) == MOST_PREFERENCES and MOST_PREFERENCES,
    }
