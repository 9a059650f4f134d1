"""Datasets in the admin: looked at, exported and deleted; they are built over the API."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Left
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from datasets.formats.known import AS_LINES, AS_PARQUET, OLD_NAME
from datasets.lineage.links import lineage_links
from datasets.models import LARGE_FIELDS, Dataset, DatasetItem
from datasets.recipe.rules import MAX_SPLIT_CHARS
from datasets.services.delete import delete_dataset
from datasets.statistics.shown import OF_SPLITS, split_rows
from traces.admin.shown import trace_link
from traces.querysets import PREVIEW_CHARS
from tunix_site.admin_base.deleting import DeletedByService
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import BoundedChangeList, RoleAdmin
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.shown import json_block, json_text, link, preview
from tunix_site.api.fields import (
    ChoiceTextField,
    IntegerField,
    QuerySerializer,
    TextField,
    UUIDField,
)

REMOVED_SHOWN = 10  # of each step


class DatasetFilters(QuerySerializer):
    state = ChoiceTextField(
        choices=["deleted"], required=False, help_text="Deleted ones hold their keys."
    )


class DatasetFilter(QueryFilter):
    query = DatasetFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Dataset]:
        datasets: QuerySet[Dataset] = queryset.filter(deleted_at__isnull="state" not in values)
        return datasets


class DatasetChangeList(BoundedChangeList):
    """Leaves the recipes where they are."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Dataset]:
        datasets: QuerySet[Dataset] = super().get_queryset(request, *args, **kwargs)
        shown = {
            name: KeyTransform(key, "recipe")
            for name, key in (("strategy", "selection_strategy"), ("shares", "splits"))
        }
        return datasets.annotate(**shown).defer("recipe", *LARGE_FIELDS)


@admin.register(Dataset)
class DatasetAdmin(DeletedByService, RoleAdmin):
    """Nothing of a dataset changes; it can be deleted, and then only its key stays."""

    recorded_as = "dataset"
    allows = frozenset({"delete"})
    filters = DatasetFilter
    list_display = (
        "key",
        "trace_count",
        "selection_strategy",
        "split_names",
        "state",
        "builder",
        "created",
    )
    list_select_related = ("created_by",)
    search_fields = ("key",)
    actions = ("delete_selected",)
    readonly_fields = (
        "state",
        "builder",
        "item_links",
        "lineage_links",
        "export_links",
        "shown_stats",
        "shown_splits",
        "shown_funnel",
        "shown_removed",
        "shown_recipe",
        "shown_provenance",
    )
    fieldsets = (
        (None, {"fields": ("key", "name", "version", "state", "trace_count", "content_digest")}),
        ("Contents", {"fields": ("item_links", "export_links", "shown_stats", "shown_splits")}),
        ("Recipe", {"fields": ("shown_recipe", "shown_funnel", "shown_removed")}),
        (
            "Origin",
            {
                "fields": (
                    "build_id",
                    "builder",
                    "created_at",
                    "parent_dataset_id",
                    "parent",
                    "lineage_links",
                    "session_id",
                    "training_run_id",
                    "shown_provenance",
                )
            },
        ),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DatasetChangeList]:
        return DatasetChangeList

    def recorded_id(self, obj: Dataset) -> object:
        return obj.key

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        deleted = isinstance(obj, Dataset) and obj.deleted_at is not None
        return not deleted and super().has_delete_permission(request, obj)

    def told_of_deletion(self, obj: Dataset) -> str:
        return f"{obj} with its {obj.trace_count:,} items; its traces stay, and so does its key"

    def delete_model(self, request: HttpRequest, obj: Dataset) -> None:
        delete_dataset(dataset=obj, by=actor_of(request))

    @admin.display(description="Strategy")
    def selection_strategy(self, dataset: Any) -> str:
        return str(dataset.strategy)

    @admin.display(description="Splits")
    def split_names(self, dataset: Any) -> str:
        return ", ".join(dataset.shares)

    @admin.display(description="State")
    def state(self, dataset: Dataset) -> str:
        return "deleted" if dataset.deleted_at else "built"

    state.label = {"built": "success", "deleted": "danger"}  # type: ignore[attr-defined]

    @admin.display(description="Built by")
    def builder(self, dataset: Dataset) -> str:
        return str(dataset.created_by or "")

    @admin.display(description="Items")
    def item_links(self, dataset: Dataset) -> str:
        pages = [("browse", "admin:datasets_datasetitem_changelist")]
        if dataset.recipe.pair:
            pages.append(("pairs", "admin:datasets_datasetpair_changelist"))
        asked = {"dataset": dataset.key}
        rows = [(name, _by_split(dataset, reverse(page), asked)) for name, page in pages]
        return _links(dataset, rows)

    @admin.display(description="Manifest and exports")
    def export_links(self, dataset: Dataset) -> str:
        manifest = reverse("dataset-manifest", args=[dataset.key])
        bundle = reverse("dataset-bundle", args=[dataset.key])
        lines = reverse("dataset-export", args=[dataset.key])
        parquet = reverse("dataset-export-parquet", args=[dataset.key])
        exports = [
            (f"{name}{kind}", _by_split(dataset, export, {"format": name}))
            for export, kind, formats in ((lines, "", AS_LINES), (parquet, ", Parquet", AS_PARQUET))
            for name, (fmt, _) in formats.items()
            if name != OLD_NAME and not fmt.rows.refusal(dataset)
        ]
        whole = [("manifest", [("all", manifest)]), ("bundle", [("all", bundle)])]
        return _links(dataset, [*whole, *exports])

    @admin.display(description="Lineage")
    def lineage_links(self, dataset: Dataset) -> str:
        return _links(dataset, [] if dataset.deleted_at else lineage_links(dataset))

    @admin.display(description="Statistics")
    def shown_stats(self, dataset: Dataset) -> str:
        rows = []
        for name, value in dataset.stats.items():
            inner = value if isinstance(value, dict) else {"": value}
            if name not in OF_SPLITS:
                rows += [(f"{name} {key}".strip(), json_text(one)) for key, one in inner.items()]
        return render_to_string("datasets/admin/stats.html", {"rows": rows})

    @admin.display(description="Of each split")
    def shown_splits(self, dataset: Dataset) -> str:
        return render_to_string("datasets/admin/by_split.html", {"rows": split_rows(dataset.stats)})

    @admin.display(description="Funnel")
    def shown_funnel(self, dataset: Dataset) -> str:
        return render_to_string("datasets/admin/funnel.html", {"lines": dataset.funnel})

    @admin.display(description="Taken away")
    def shown_removed(self, dataset: Dataset) -> str:
        """Show some of what each step took away; `why` has all of it."""
        steps = [line["step"] for line in dataset.funnel if line["reasons"]]
        rows = [
            (removed, link("traces_trace_change", removed.trace_id, removed.trace_id))
            for step in steps
            for removed in dataset.removed.filter(step=step).order_by("trace_id")[:REMOVED_SHOWN]
        ]
        return render_to_string("datasets/admin/removed.html", {"rows": rows})

    @admin.display(description="Recipe")
    def shown_recipe(self, dataset: Dataset) -> SafeString:
        return json_block(dataset.recipe.document())

    @admin.display(description="Provenance")
    def shown_provenance(self, dataset: Dataset) -> SafeString:
        return json_block(dataset.provenance)


def _by_split(dataset: Dataset, page: str, query: dict[str, str]) -> list[tuple[str, str]]:
    """Link to a page for the whole dataset, then for each of its splits."""
    splits = [(split, {**query, "split": split}) for split in dataset.splits]
    return [(name, f"{page}?{urlencode(asked)}") for name, asked in [("all", query), *splits]]


def _links(dataset: Dataset, rows: list[Any]) -> str:
    """Render rows of links; a deleted dataset has nothing to link to."""
    if dataset.deleted_at:
        return ""
    return render_to_string("datasets/admin/links.html", {"rows": rows})


class ItemFilters(QuerySerializer):
    dataset = TextField(required=False, max_length=200, help_text="Its key.")
    split = TextField(required=False, max_length=MAX_SPLIT_CHARS)
    min_position = IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    trace = UUIDField(required=False)


class ItemFilter(QueryFilter):
    query = ItemFilters
    lookups: ClassVar[dict[str, str]] = {
        "dataset": "dataset__key",
        "min_position": "position__gte",
    }

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[DatasetItem]:
        items: QuerySet[DatasetItem] = queryset.filter(
            **{self.lookups.get(name, name): value for name, value in values.items()}
        )
        return items


class ItemChangeList(BoundedChangeList):
    def get_queryset(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> QuerySet[DatasetItem]:
        queryset: QuerySet[DatasetItem] = super().get_queryset(request, *args, **kwargs)
        return queryset.annotate(prompt_preview=Left("trace__prompt", PREVIEW_CHARS))


@admin.register(DatasetItem)
class DatasetItemAdmin(RoleAdmin):
    """The rows of datasets, in order; a large dataset is entered by position."""

    filters = ItemFilter
    ordering = ("dataset_id", "position")  # a unique index; by "dataset" it would be a sort
    list_display = ("position", "dataset_column", "split", "trace_column", "prompt_column")
    fields = ("dataset_column", "position", "split", "trace_column")
    readonly_fields = ("dataset_column", "trace_column")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ItemChangeList]:
        return ItemChangeList

    @admin.display(description="Dataset")
    def dataset_column(self, item: DatasetItem) -> SafeString:
        return link("datasets_dataset_change", item.dataset.key, item.dataset_id)

    @admin.display(description="Trace")
    def trace_column(self, item: DatasetItem) -> SafeString:
        return trace_link(item)

    @admin.display(description="Prompt")
    def prompt_column(self, item: Any) -> SafeString:
        return preview(item.prompt_preview)
