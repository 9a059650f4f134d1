"""Which attempts at a prompt people found better than which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Left

from traces.finding.curation.preferences import preferences_that_match
from traces.models import Preference, Trace
from traces.querysets import PREVIEW_CHARS

MOST = 50


@dataclass(frozen=True)
class Choice:
    """An attempt over which another one can be preferred, and whether this user does."""

    number: int  # of its column
    id: UUID
    is_made: bool


def preferences_at(prompt_hash: UUID) -> list[Preference]:
    """Give the newest preferences of a prompt, each with how both answers begin; a query."""
    found = preferences_that_match(Preference.objects.all(), {"prompt_hash": prompt_hash})
    answers = {
        f"{side}_answer": Left(F(f"{side}__final_answer"), PREVIEW_CHARS)
        for side in ("chosen", "rejected")
    }
    return list(found.select_related("reviewer").annotate(**answers).order_by("-pk")[:MOST])


def choices(traces: Sequence[Trace], user: Any) -> dict[UUID, list[Choice]]:
    """Give for each column the others that it may be better than; a query."""
    identities = [trace.pk for trace in traces]
    made = set(
        Preference.objects.filter(
            reviewer=user, chosen__in=identities, rejected__in=identities
        ).values_list("chosen_id", "rejected_id")
    )
    return {
        one: [
            Choice(number, other, (one, other) in made)
            for number, other in enumerate(identities, 1)
            if other != one
        ]
        for one in identities
    }
