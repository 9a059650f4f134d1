"""Scores in the admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from traces.admin.shown import ShownInline, trace_link
from traces.models import Score
from traces.querysets import ScoreQuerySet
from traces.reasoning.answers.comparing import OUTCOMES, UNDECIDED
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import RoleAdmin
from tunix_site.admin_base.shown import json_block
from tunix_site.api.fields import (
    ChoiceTextField,
    NumberField,
    QuerySerializer,
    TextField,
    UUIDField,
)


def value_of(score: Score) -> str:
    return UNDECIDED if score.value is None else str(score.value)


class ScoreInline(ShownInline):
    model = Score
    fields = ("criteria", "shown_value", "scorer_version", "shown_details", "created_at")

    @admin.display(description="Value")
    def shown_value(self, score: Score) -> str:
        return value_of(score)

    @admin.display(description="Details")
    def shown_details(self, score: Score) -> SafeString:
        return json_block(score.details)


class ScoreFilters(QuerySerializer):
    criteria = TextField(required=False, max_length=64)
    scorer_version = TextField(required=False, max_length=64)
    min_score = NumberField(required=False)
    max_score = NumberField(required=False)
    outcome = ChoiceTextField(choices=OUTCOMES, required=False)
    trace = UUIDField(required=False)


class ScoreFilter(QueryFilter):
    query = ScoreFilters
    lookups: ClassVar[dict[str, str]] = {"min_score": "value__gte", "max_score": "value__lte"}

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Score]:
        columns = {name: value for name, value in values.items() if name != "outcome"}
        scores: ScoreQuerySet = queryset.filter(
            **{self.lookups.get(name, name): value for name, value in columns.items()}
        )
        return scores.with_outcome(values["outcome"]) if "outcome" in values else scores


@admin.register(Score)
class ScoreAdmin(RoleAdmin):
    """What scorers gave; scores are made by scoring and sending, not here."""

    recorded_as = "trace"
    filters = ScoreFilter
    list_display = ("criteria", "value_column", "scorer_version", "trace_column", "created")
    fields = (
        "criteria",
        "value_column",
        "scorer_version",
        "trace_column",
        "created_at",
        "shown_details",
    )
    readonly_fields = ("value_column", "trace_column", "shown_details")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Score]:
        return super().get_queryset(request).select_related(None)

    def recorded_id(self, obj: Score) -> object:
        return obj.trace_id

    @admin.display(description="Value")
    def value_column(self, score: Score) -> str:
        return value_of(score)

    @admin.display(description="Trace")
    def trace_column(self, score: Score) -> SafeString:
        return trace_link(score)

    @admin.display(description="Details")
    def shown_details(self, score: Score) -> SafeString:
        return json_block(score.details)
