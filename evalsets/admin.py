"""Evaluation sets in the admin: looked at and deleted; they are made over the API."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evalsets.document import MAX_ITEM_ID_CHARS
from evalsets.models import EvalItem, EvalSet
from evalsets.services.delete import delete_evalset
from traces.querysets import PREVIEW_CHARS
from tunix_site.admin_base.deleting import DeletedByService
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import BoundedChangeList, RoleAdmin
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.shown import json_block, link, preview, text_block
from tunix_site.api.fields import ChoiceTextField, IntegerField, QuerySerializer, TextField
from tunix_site.database.names import MAX_KEY_CHARS


class EvalSetFilters(QuerySerializer):
    state = ChoiceTextField(
        choices=["deleted"], required=False, help_text="Deleted ones hold their keys."
    )


class EvalSetFilter(QueryFilter):
    query = EvalSetFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[EvalSet]:
        evalsets: QuerySet[EvalSet] = queryset.filter(deleted_at__isnull="state" not in values)
        return evalsets


@admin.register(EvalSet)
class EvalSetAdmin(DeletedByService, RoleAdmin):
    """Nothing of a set changes; it can be deleted, and then only its key stays."""

    recorded_as = "evalset"
    allows = frozenset({"delete"})
    filters = EvalSetFilter
    list_display = ("key", "item_count", "answer_type", "parent", "state", "maker", "created")
    list_select_related = ("created_by",)
    search_fields = ("key",)
    actions = ("delete_selected",)
    readonly_fields = ("state", "maker", "links", "shown_generator")
    fieldsets = (
        (None, {"fields": ("key", "name", "version", "state", "item_count", "digest", "links")}),
        ("About", {"fields": ("answer_type", "license")}),
        (
            "Origin",
            {"fields": ("maker", "created_at", "parent", "parent_split", "shown_generator")},
        ),
    )

    def recorded_id(self, obj: EvalSet) -> object:
        return obj.key

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        deleted = isinstance(obj, EvalSet) and obj.deleted_at is not None
        return not deleted and super().has_delete_permission(request, obj)

    def told_of_deletion(self, obj: EvalSet) -> str:
        return f"{obj} with its {obj.item_count:,} items; its key stays"

    def delete_model(self, request: HttpRequest, obj: EvalSet) -> None:
        delete_evalset(evalset=obj, by=actor_of(request))

    @admin.display(description="State")
    def state(self, evalset: EvalSet) -> str:
        return "deleted" if evalset.deleted_at else "made"

    state.label = {"made": "success", "deleted": "danger"}  # type: ignore[attr-defined]

    @admin.display(description="Made by")
    def maker(self, evalset: EvalSet) -> str:
        return str(evalset.created_by or "")

    @admin.display(description="Items")
    def links(self, evalset: EvalSet) -> SafeString | str:
        if evalset.deleted_at:
            return ""
        browsed = reverse("admin:evalsets_evalitem_changelist")
        return format_html(
            '<a class="text-link" href="{}?evalset={}">browse</a> '
            '<a class="text-link" href="{}">items.jsonl</a>',
            browsed,
            evalset.key,
            reverse("evalset-item-lines", args=[evalset.key]),
        )

    @admin.display(description="Generated from")
    def shown_generator(self, evalset: EvalSet) -> SafeString | str:
        return json_block(evalset.generator) if evalset.is_generated else ""


class ItemFilters(QuerySerializer):
    evalset = TextField(required=False, max_length=MAX_KEY_CHARS, help_text="Its key.")
    item_id = TextField(required=False, max_length=MAX_ITEM_ID_CHARS)
    min_position = IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class ItemFilter(QueryFilter):
    query = ItemFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[EvalItem]:
        lookups = {"evalset": "evalset__key", "min_position": "position__gte"}
        items: QuerySet[EvalItem] = queryset.filter(
            **{lookups.get(name, name): value for name, value in values.items()}
        )
        return items


class ItemChangeList(BoundedChangeList):
    """Leaves the long texts where they are."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[EvalItem]:
        items: QuerySet[EvalItem] = super().get_queryset(request, *args, **kwargs)
        items = items.annotate(prompt_preview=Left("prompt", PREVIEW_CHARS))
        return items.defer("prompt", "expected_answer", "aliases", "meta")


@admin.register(EvalItem)
class EvalItemAdmin(RoleAdmin):
    """The questions of evaluation sets, in order; a large set is entered by position."""

    filters = ItemFilter
    ordering = ("evalset_id", "position")  # a unique index; by "evalset" it would be a sort
    list_select_related = ("evalset",)
    list_display = ("position", "evalset_column", "item_id", "prompt_column")
    fields = (
        "evalset_column",
        "position",
        "item_id",
        "prompt_block",
        "answer_block",
        "shown_aliases",
        "section",
        "category",
        "difficulty",
        "shown_meta",
    )
    readonly_fields = (
        "evalset_column",
        "prompt_block",
        "answer_block",
        "shown_aliases",
        "shown_meta",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ItemChangeList]:
        return ItemChangeList

    @admin.display(description="Evaluation set")
    def evalset_column(self, item: EvalItem) -> SafeString:
        return link("evalsets_evalset_change", item.evalset.key, item.evalset_id)

    @admin.display(description="Prompt")
    def prompt_column(self, item: Any) -> SafeString:
        return preview(item.prompt_preview)

    @admin.display(description="Prompt")
    def prompt_block(self, item: EvalItem) -> SafeString:
        return text_block(item.prompt)

    @admin.display(description="Expected answer")
    def answer_block(self, item: EvalItem) -> SafeString:
        return text_block(item.expected_answer)

    @admin.display(description="Other right answers")
    def shown_aliases(self, item: EvalItem) -> SafeString:
        return json_block(item.aliases)

    @admin.display(description="Meta")
    def shown_meta(self, item: EvalItem) -> SafeString:
        return json_block(item.meta)
