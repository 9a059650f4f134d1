"""Reviews by who gave them, when, in which queue and what they say."""

from typing import Any

from django.db.models import QuerySet

from traces.curation.queues import MAX_REASON_CHARS
from traces.models import Review, Status
from traces.querysets import BY_HAND
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    DateTimeField,
    IntegerField,
    TextField,
    UUIDField,
)
from tunix_site.api.pagination import PageQuery

LOOKUPS = {
    "trace": "trace",
    "queue": "queue",
    "reviewer": "reviewer__username",
    "verdict": "verdict",
    "created_after": "created_at__gte",
    "created_before": "created_at__lt",
}


class ReviewQuery(PageQuery):
    """The filters of reviews."""

    reviewer = TextField(max_length=150, required=False, help_text="The user's whole name.")
    verdict = ChoiceTextField(choices=Status.choices, required=False)
    reason = TextField(max_length=MAX_REASON_CHARS, required=False, help_text="Is one of its own.")
    labelled = BooleanField(required=False, help_text="Has step labels, or has none.")
    by_hand = BooleanField(
        required=False,
        help_text="Was given one by one, or not: by a change of many, by undoing, or with its "
        "trace.",
    )
    created_after = DateTimeField(required=False, help_text="At or after, ISO 8601.")
    created_before = DateTimeField(required=False, help_text="Before, ISO 8601.")
    queue = IntegerField(
        min_value=0, max_value=2**63 - 1, required=False, help_text="Given in it, by its id."
    )


class ReviewListQuery(ReviewQuery):
    """The filters of the reviews of all traces."""

    trace = UUIDField(required=False, help_text="Of this trace.")


def reviews_that_match(reviews: QuerySet[Review], query: dict[str, Any]) -> QuerySet[Review]:
    """Keep the reviews that match, with who gave them."""
    found = reviews.select_related("reviewer").filter(
        **{lookup: query[name] for name, lookup in LOOKUPS.items() if name in query}
    )
    if "reason" in query:
        found = found.filter(reasons__contains=[query["reason"]])
    if "labelled" in query:
        found = found.filter(step_labels__isnull=not query["labelled"])
    if "by_hand" in query:
        found = found.filter(BY_HAND if query["by_hand"] else ~BY_HAND)
    return found
