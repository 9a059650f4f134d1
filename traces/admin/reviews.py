"""Reviews in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from traces.admin.shown import STATUS_LABELS, ShownInline, trace_link
from traces.models import Review, Status
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import RoleAdmin
from tunix_site.admin_base.shown import json_block, preview, text_block
from tunix_site.api.fields import (
    ChoiceTextField,
    QuerySerializer,
    TextField,
    UUIDField,
)


class ShownReview:
    """What a review says, on its own page as among those of its trace."""

    @admin.display(description="Reviewer")
    def reviewer_name(self, review: Review) -> str:
        return str(review.reviewer)

    @admin.display(description="Reasons")
    def shown_reasons(self, review: Review) -> SafeString:
        return text_block("\n".join(review.reasons))

    @admin.display(description="Note")
    def shown_note(self, review: Review) -> SafeString:
        return text_block(review.note)

    @admin.display(description="Step labels")
    def shown_labels(self, review: Review) -> SafeString:
        return json_block(review.step_labels or {})


class ReviewInline(ShownReview, ShownInline):
    model = Review
    fields = (
        "verdict",
        "status_before",
        "reviewer_name",
        "shown_reasons",
        "shown_note",
        "shown_labels",
        "created_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        return super().get_queryset(request).select_related("reviewer")


class ReviewFilters(QuerySerializer):
    verdict = ChoiceTextField(choices=Status.choices, required=False)
    reviewer = TextField(required=False, max_length=150, help_text="The whole name.")
    trace = UUIDField(required=False)


class ReviewFilter(QueryFilter):
    query = ReviewFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Review]:
        lookups = {"reviewer": "reviewer__username"}
        reviews: QuerySet[Review] = queryset.filter(
            **{lookups.get(name, name): value for name, value in values.items()}
        )
        return reviews


@admin.register(Review)
class ReviewAdmin(ShownReview, RoleAdmin):
    """Who said what about a trace, and when: the history of its status."""

    recorded_as = "trace"
    filters = ReviewFilter
    list_display = ("verdict_label", "trace_column", "reviewer_name", "note_column", "created")
    list_select_related = ("reviewer",)
    fields = (
        "verdict",
        "status_before",
        "trace_column",
        "reviewer_name",
        "shown_reasons",
        "shown_note",
        "shown_labels",
        "created_at",
    )
    readonly_fields = (
        "trace_column",
        "reviewer_name",
        "shown_reasons",
        "shown_note",
        "shown_labels",
    )

    def recorded_id(self, obj: Review) -> object:
        return obj.trace_id

    @admin.display(description="Verdict")
    def verdict_label(self, review: Review) -> str:
        return review.get_verdict_display()

    verdict_label.label = STATUS_LABELS  # type: ignore[attr-defined]  # read by unfold

    @admin.display(description="Trace")
    def trace_column(self, review: Review) -> SafeString:
        return trace_link(review)

    @admin.display(description="Note")
    def note_column(self, review: Review) -> SafeString:
        return preview(review.note)
