"""What somebody reviewed of late, and the queues that wait for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.functions import Left
from django.utils import timezone

from pages.activity.undoing import undoable_by
from pages.home.numbers import MOST, Number, list_of, up_to_most
from traces.curation.queues import Queue
from traces.finding.queues import queues_of
from traces.models import Review

MOST_QUEUES = 8
SHOWN = 10
PROMPT_CHARS = 160
FIELDS = ("pk", "trace_id", "verdict", "created_at", "prompt")


@dataclass(frozen=True)
class Mine:
    """Somebody's reviews: of today in a number, the last ones each."""

    today: Number
    last: Sequence[dict[str, Any]]  # `FIELDS`, and whether they may undo it


def reviews_of(user: Any) -> Mine:
    """Read the newest that stand, and no more than are counted; changes of many are told apart.

    Three queries.
    """
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    newest = _newest(user)
    since = [review for review in newest if review["created_at"] >= today]
    chosen = [review["pk"] for review in newest if review["job"] is None][:SHOWN]
    return Mine(
        Number(
            up_to_most(len(since)),
            list_of(reviewer=user.get_username(), reviewed_after=f"{today:%Y-%m-%d}"),
        ),
        _shown(user, chosen),
    )


def my_queues(user: Any) -> list[Queue]:
    """Give the newest of those with something left."""
    return list(queues_of(user).filter(left_count__gt=0)[:MOST_QUEUES])


def _newest(user: Any) -> list[Any]:
    """Read somebody's newest reviews that stand, among as many as are counted."""
    undoing = Review.objects.filter(undoes=OuterRef("pk"))
    rows = Review.objects.filter(reviewer=user).annotate(undone=Exists(undoing)).order_by("-pk")
    newest = rows.values("pk", "job", "created_at", "undoes", "undone")[: MOST + 1]
    return [row for row in newest if row["undoes"] is None and not row["undone"]]


def _shown(user: Any, chosen: list[int]) -> list[dict[str, Any]]:
    found = Review.objects.filter(pk__in=chosen).order_by("-pk")
    rows = found.annotate(prompt=Left("trace__prompt", PROMPT_CHARS)).values(*FIELDS)
    undoable = undoable_by(user, reviews=chosen, jobs=()).reviews
    return [{**row, "may_undo": row["pk"] in undoable} for row in rows]
