"""The attempts that an address asks for, side by side."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from pages.review.attempts import MOST
from traces.models import Trace
from tunix_site.database.ids import uuid_in

COLUMN = "trace"  # each one an attempt, in the order of the columns
FIRST = "first"  # an attempt with which the newest others are compared
MAX_ASKED = 100


@dataclass(frozen=True)
class Chosen:
    """The attempts of the columns, which of them were asked for, and what cannot be shown."""

    traces: list[Trace]
    named: list[UUID]
    query: str  # asks for those that were
    wrong: list[str]


def chosen_by(query: QueryDict, prompt_hash: UUID) -> Chosen:
    """Find what an address asks for, else the newest; two queries at most, of whole traces."""
    attempts = Trace.objects.filter(prompt_hash=prompt_hash).defer("messages", "original")
    columns = [text for text in query.getlist(COLUMN) if text][:MAX_ASKED]
    texts = columns or [text for text in [query.get(FIRST)] if text]
    asked = {identity: text for text in texts if (identity := uuid_in(text))}
    shown = [*asked][:MOST]
    by_id = attempts.in_bulk(shown) if shown else {}
    found = [by_id[identity] for identity in shown if identity in by_id]
    missing = {asked[identity] for identity in shown if identity not in by_id}
    wrong = [
        f"{text} is no attempt at this prompt."
        for text in dict.fromkeys(texts)
        if text in missing or uuid_in(text) is None
    ]
    if len(asked) > MOST:
        wrong.append(f"No more than {MOST} stand side by side: the first of {len(asked)} do.")
    named = [trace.pk for trace in found]
    if not (columns and found):
        found += attempts.exclude(pk__in=by_id).order_by("-pk")[: MOST - len(found)]
    name = COLUMN if columns else FIRST
    return Chosen(found, named, urlencode([(name, identity) for identity in named]), wrong)
