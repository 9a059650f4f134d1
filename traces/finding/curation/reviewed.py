"""Traces by what people say of them: the part of the filters that asks for reviews."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q

from traces.curation.members import QueueMember
from traces.models import Review
from traces.querysets import BY_HAND, ReviewQuerySet

# Together they mean one and the same review.
LOOKUPS = {
    "reviewed_after": "created_at__gte",
    "reviewed_before": "created_at__lt",
}
OF_ONE = frozenset({*LOOKUPS, "reviewer", "reason"})
# True: that review has it. False: no review of the trace has.
HAS = {
    "labelled": Q(step_labels__isnull=False),
    "has_note": ~Q(note=""),
    "reviewed_by_hand": BY_HAND,
}


def ids_of_reviews(filters: dict[str, Any]) -> Any:
    """Give the ids of the traces of which one review is all that is asked for; else None."""
    if not filters or filters.keys() - {*OF_ONE, *HAS} or False in filters.values():
        return None
    return _asked_for(filters).values("trace")


def of_reviews(filters: dict[str, Any]) -> list[Any]:
    """Give the conditions on reviews that stand, and on disputes, for a query of traces."""
    standing = Review.objects.standing().filter(trace=OuterRef("pk"))
    found: list[Any] = []
    if filters.keys() & OF_ONE or any(filters.get(name) for name in HAS):
        found.append(Exists(_asked_for(filters).filter(trace=OuterRef("pk"))))
    found += [
        ~Exists(standing.filter(has)) for name, has in HAS.items() if filters.get(name) is False
    ]
    if "disputed" in filters:
        open_disputes = QueueMember.objects.disputes().filter(trace=OuterRef("pk"))
        found.append(Exists(open_disputes) if filters["disputed"] else ~Exists(open_disputes))
    return found


def _asked_for(filters: dict[str, Any]) -> ReviewQuerySet:
    """Give the reviews that stand and are all that is asked for of one."""
    asked = {lookup: filters[name] for name, lookup in LOOKUPS.items() if name in filters}
    if "reviewer" in filters:
        asked["reviewer_id"] = _id_of(filters["reviewer"])
    if "reason" in filters:
        asked["reasons__contains"] = [filters["reason"]]
    having = [has for name, has in HAS.items() if filters.get(name)]
    return Review.objects.standing().filter(*having, **asked)


def _id_of(reviewer: str) -> int:
    """Give the id of a user, 0 for none: by the number, the planner knows whose reviews are few."""
    users = get_user_model().objects.filter(username=reviewer).values_list("pk", flat=True)
    return users.first() or 0
