"""What somebody reviewed of late, and the queues that wait for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Left
from django.utils import timezone

from pages.activity.undoing import undoable_by
from pages.home.numbers import MOST, Number, list_of, up_to_most
from traces.curation.queues import Queue
from traces.finding.queues import queues_of
from traces.models import Review
from traces.querysets import ReviewQuerySet

MOST_QUEUES = 8
MOST_OF_TODAY = 10_000  # reviews, of which several may be of one trace
SHOWN = 10
PROMPT_CHARS = 160
FIELDS = ("pk", "trace_id", "verdict", "created_at", "prompt")


@dataclass(frozen=True)
class Mine:
    """Somebody's reviews: of today in a number, the last ones each."""

    today: Number  # of traces
    last: Sequence[dict[str, Any]]  # `FIELDS`, and whether they may undo it


def reviews_of(user: Any) -> Mine:
    """Read those that stand and were given one by one, as the filters of traces know them.

    Three queries.
    """
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    found = Review.objects.standing().by_hand().filter(reviewer=user)
    mine = found.order_by("-created_at", "-pk")
    of_today = mine.filter(created_at__gte=today).values("pk")[:MOST_OF_TODAY]
    traces = Review.objects.filter(pk__in=of_today).order_by().values("trace").distinct()
    address = list_of(
        reviewer=user.get_username(),
        reviewed_after=f"{today:%Y-%m-%d}",
        reviewed_by_hand="true",
    )
    return Mine(Number(up_to_most(traces[: MOST + 1].count()), address), _last(user, mine))


def my_queues(user: Any) -> list[Queue]:
    """Give the newest of those with something left."""
    return list(queues_of(user).filter(left_count__gt=0)[:MOST_QUEUES])


def _last(user: Any, mine: ReviewQuerySet) -> list[dict[str, Any]]:
    with_prompt = mine.annotate(prompt=Left("trace__prompt", PROMPT_CHARS))
    rows = list(with_prompt.values(*FIELDS)[:SHOWN])
    undoable = undoable_by(user, reviews=[row["pk"] for row in rows], jobs=()).reviews
    return [{**row, "may_undo": row["pk"] in undoable} for row in rows]
