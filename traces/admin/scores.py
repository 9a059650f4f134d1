"""Scores in the admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from traces.admin.shown import ShownInline, trace_link
from traces.models import Score
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import RoleAdmin
from tunix_site.admin_base.shown import json_block
from tunix_site.api.fields import (
    NumberField,
    QuerySerializer,
    TextField,
    UUIDField,
)


class ScoreInline(ShownInline):
    model = Score
    fields = ("criteria", "value", "scorer_version", "shown_details", "created_at")

    @admin.display(description="Details")
    def shown_details(self, score: Score) -> SafeString:
        return json_block(score.details)


class ScoreFilters(QuerySerializer):
    criteria = TextField(required=False, max_length=64)
    scorer_version = TextField(required=False, max_length=64)
    min_score = NumberField(required=False)
    max_score = NumberField(required=False)
    trace = UUIDField(required=False)


class ScoreFilter(QueryFilter):
    query = ScoreFilters
    lookups: ClassVar[dict[str, str]] = {"min_score": "value__gte", "max_score": "value__lte"}

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Score]:
        scores: QuerySet[Score] = queryset.filter(
            **{self.lookups.get(name, name): value for name, value in values.items()}
        )
        return scores


@admin.register(Score)
class ScoreAdmin(RoleAdmin):
    """What scorers gave; scores are made by scoring and sending, not here."""

    filters = ScoreFilter
    list_display = ("criteria", "value", "scorer_version", "trace_column", "created")
    fields = ("criteria", "value", "scorer_version", "trace_column", "created_at", "shown_details")
    readonly_fields = ("trace_column", "shown_details")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Score]:
        return super().get_queryset(request).select_related(None)

    @admin.display(description="Trace")
    def trace_column(self, score: Score) -> SafeString:
        return trace_link(score)

    @admin.display(description="Details")
    def shown_details(self, score: Score) -> SafeString:
        return json_block(score.details)
