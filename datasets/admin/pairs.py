"""The pairs of datasets in the admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from datasets.models import DatasetPair
from datasets.recipe.recipe import PairRule
from datasets.recipe.rules import MAX_SPLIT_CHARS
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import RoleAdmin
from tunix_site.admin_base.shown import link
from tunix_site.api.fields import ChoiceTextField, IntegerField, QuerySerializer, TextField


class PairFilters(QuerySerializer):
    dataset = TextField(required=False, max_length=200, help_text="Its key.")
    split = TextField(required=False, max_length=MAX_SPLIT_CHARS)
    reason = ChoiceTextField(choices=list(PairRule), required=False)
    min_position = IntegerField(required=False, min_value=0, max_value=2**63 - 1)


class PairFilter(QueryFilter):
    query = PairFilters
    lookups: ClassVar = {"dataset": "dataset__key", "min_position": "position__gte"}

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[DatasetPair]:
        pairs: QuerySet[DatasetPair] = queryset.filter(
            **{self.lookups.get(name, name): value for name, value in values.items()}
        )
        return pairs


@admin.register(DatasetPair)
class DatasetPairAdmin(RoleAdmin):
    """The pairs of datasets, in order."""

    filters = PairFilter
    ordering = ("dataset_id", "position")  # a unique index
    list_select_related = ("dataset",)
    list_display = (
        "position",
        "dataset_column",
        "split",
        "reason",
        "margin",
        "chosen_column",
        "rejected_column",
    )
    fields = (
        "dataset_column",
        "position",
        "split",
        "reason",
        "margin",
        "chosen_column",
        "rejected_column",
    )
    readonly_fields = ("dataset_column", "chosen_column", "rejected_column")

    @admin.display(description="Dataset")
    def dataset_column(self, pair: DatasetPair) -> SafeString:
        return link("datasets_dataset_change", pair.dataset.key, pair.dataset_id)

    @admin.display(description="Chosen")
    def chosen_column(self, pair: DatasetPair) -> SafeString:
        return link("traces_trace_change", pair.chosen_id, pair.chosen_id)

    @admin.display(description="Rejected")
    def rejected_column(self, pair: DatasetPair) -> SafeString:
        return link("traces_trace_change", pair.rejected_id, pair.rejected_id)
