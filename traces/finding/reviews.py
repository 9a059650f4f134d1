"""The reviews of a trace, by who gave them, when and what they say."""

from typing import Any

from django.db.models import QuerySet

from traces.models import MAX_REASON_CHARS, Review, Status, Trace
from tunix_site.api.fields import BooleanField, ChoiceTextField, DateTimeField, TextField
from tunix_site.api.pagination import PageQuery

LOOKUPS = {
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
    created_after = DateTimeField(required=False, help_text="At or after, ISO 8601.")
    created_before = DateTimeField(required=False, help_text="Before, ISO 8601.")


def reviews_of(trace: Trace, query: dict[str, Any]) -> QuerySet[Review]:
    """Give the reviews of a trace that match, with who gave them."""
    found = trace.reviews.select_related("reviewer").filter(
        **{lookup: query[name] for name, lookup in LOOKUPS.items() if name in query}
    )
    if "reason" in query:
        found = found.filter(reasons__contains=[query["reason"]])
    if "labelled" in query:
        found = found.filter(step_labels__isnull=not query["labelled"])
    return found
