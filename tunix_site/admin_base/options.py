"""What the admin's pages share: rights by role, lists that stay quick, filters of the API."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.actions import delete_selected as ask_and_delete
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import IGNORED_PARAMS
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from rest_framework import serializers
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tunix_site.admin_base.site import may_administer, may_curate
from tunix_site.api.fields import (
    BooleanField,
    ChoiceTextField,
    DateTimeField,
    IntegerField,
    NumberField,
    QuerySerializer,
)
from tunix_site.errors import Conflict

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin import TabularInline as _TabularInline
    from django.contrib.admin.views.main import ChangeList
    from django.core.paginator import Paginator as _Paginator

    ModelAdmin = _ModelAdmin[Any]
    TabularInline = _TabularInline[Any, Any]
    Paginator = _Paginator[Any]
else:
    from django.core.paginator import Paginator
    from unfold.admin import ModelAdmin, TabularInline  # noqa: F401  # inlines are the apps'
    from unfold.views import ChangeList

MAX_LISTED = 10_000
ANY = ("", "Any")


class RoleRights:
    """Rights follow roles instead of Django's permissions, which nothing here looks at.

    Staff with the role of a curator or above may look at everything that is not a
    superuser's alone; what may be done beyond looking is named in `allows` ("add", "change",
    "delete"). A class with `superusers_only` is closed to all others.
    """

    allows: ClassVar[frozenset[str]] = frozenset()
    superusers_only: ClassVar[bool] = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_administer(request) if self.superusers_only else may_curate(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "add" in self.allows and self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "change" in self.allows and self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "delete" in self.allows and self.has_view_permission(request, obj)


class BoundedPaginator(Paginator):
    """Pages through the first MAX_LISTED rows, and counts no further than that."""

    template_name = "tunix_site/admin/pagination.html"

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: MAX_LISTED + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._counted, MAX_LISTED)

    @property
    def cut_off(self) -> bool:
        return self._counted > MAX_LISTED


class SelectedRowsForm(ActionForm):  # type: ignore[misc]
    """Actions are for the rows that were ticked, never for all that match."""

    def clean_select_across(self) -> bool:
        return False


class BoundedChangeList(ChangeList):
    """Sorted by an index: `?o=` counts only where columns may be sorted by."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        if self.sortable_by is None or self.sortable_by:
            return super().get_ordering(request, queryset)
        return list(self.model_admin.get_ordering(request) or self.lookup_opts.ordering or ())

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        queryset = super().get_queryset(request, *args, **kwargs)
        self.has_active_filters = any(getattr(spec, "values", ()) for spec in self.filter_specs)
        return queryset

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not (self.has_active_filters or self.query):
            self.full_result_count = self.result_count  # so that no "Show all" is offered


class RoleAdmin(RoleRights, ModelAdmin):
    """The base of all model pages; a list is sorted by its index alone, unless it is short.

    Short ones set `sortable_by` to None.
    """

    paginator = BoundedPaginator
    action_form = SelectedRowsForm
    list_disable_select_all = True
    list_filter_submit = True
    list_per_page = 50
    sortable_by: ClassVar[Any] = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    filters: ClassVar[type["QueryFilter"] | None] = None

    @admin.display(description="Created", ordering="created_at")
    def created(self, obj: Any) -> str:
        return f"{timezone.localtime(obj.created_at):%Y-%m-%d %H:%M}"

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [self.filters] if self.filters else []

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Take the filter's parameters alone; Django would take any lookup of any column."""
        return self.filters is not None and self.filters.takes(lookup)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "\0" in search_term:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> Any:
        to_python = self.model._meta.pk.to_python
        try:
            for chosen in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
                to_python(chosen)
        except ValidationError:
            self.message_user(request, "Nothing here has such an id.", messages.WARNING)
            return None
        return super().response_action(request, queryset, *args)


class DeletedByService:
    """Deletion by a service, in `delete_model`; its Conflict is told to the person."""

    delete_model: Any
    has_delete_permission: Any
    log_deletions: Any
    message_user: Any
    opts: Any

    def told_of_deletion(self, obj: Any) -> str:
        """Say what would go, for the page that asks."""
        raise NotImplementedError

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the objects alone: what hangs on them may be millions of rows."""
        told = [self.told_of_deletion(obj) for obj in objs]
        return told, {str(self.opts.verbose_name_plural): len(told)}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)  # type: ignore[misc]
        except (Conflict, IntegrityError) as error:
            self.message_user(request, refusal(error), messages.ERROR)
            page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(page, args=[object_id]))

    @admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask first; then delete one by one, so that what is refused holds nothing else up."""
        if not request.POST.get("post"):
            return ask_and_delete(self, request, queryset)  # type: ignore[arg-type]
        objects = list(queryset)
        if not all(self.has_delete_permission(request, obj) for obj in objects):
            raise PermissionDenied
        deleted = 0
        for obj in objects:
            name, pk = str(obj), obj.pk
            try:
                self.delete_model(request, obj)
            except (Conflict, IntegrityError) as error:
                self.message_user(request, f"{name}: {refusal(error)}", messages.ERROR)
            else:
                obj.pk = pk
                self.log_deletions(request, [obj])
                deleted += 1
        if deleted:
            self.message_user(request, f"Deleted {deleted}.", messages.SUCCESS)
        return None


def refusal(error: Conflict | IntegrityError) -> str:
    """Say why something was not done."""
    if isinstance(error, Conflict):
        return str(error.detail)
    return "Something else took it meanwhile."


class QueryFilter(admin.ListFilter):
    """The parameters of a QuerySerializer, as one form beside a list.

    They mean what they mean in the API. Where one is refused, the reason is told and the list is
    shown without any.
    """

    title = "fields"
    template = "unfold/filters/filters_field.html"
    query: ClassVar[type[QuerySerializer]]

    def __init__(self, request: Any, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        given = QueryDict(mutable=True)
        for name in list(params):
            if self.takes(name) and (texts := [text for text in params.pop(name) if text]):
                given.setlist(name, texts)
        self.texts = given.dict()
        self.values: dict[str, Any] = {}
        try:
            if self.texts:
                self.values = self.query.read(given)
        except serializers.ValidationError as error:
            for name, reasons in dict(error.detail).items():  # type: ignore[arg-type]
                reason = " ".join(map(str, reasons)) if isinstance(reasons, list) else reasons
                messages.error(request, f"{name}: {reason}")
            raise IncorrectLookupParameters from None

    @classmethod
    def takes(cls, name: str) -> bool:
        """Tell whether a parameter of the address is one of the serializer's."""
        return name not in IGNORED_PARAMS and not cls.query().unknown_keys({name: ""})

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Any]:
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.apply(queryset, self.values)

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.texts)

    def choices(self, changelist: Any) -> Iterator[Any]:
        form = forms.Form(initial=self.texts)
        for name, field in self.query().fields.items():
            if name not in IGNORED_PARAMS:
                form.fields[name] = control(name, field)
        yield {"form": form}


def control(name: str, field: Any) -> forms.Field:
    """Make the form's field for a parameter; the serializer alone judges what comes of it."""
    if isinstance(field, ChoiceTextField):
        choices = [ANY, *field.choices.items()]
    elif isinstance(field, BooleanField):
        choices = [ANY, ("true", "Yes"), ("false", "No")]
    else:
        choices = []
    widget = UnfoldAdminSelectWidget() if choices else UnfoldAdminTextInputWidget()
    if isinstance(field, DateTimeField):
        widget.input_type = "date"
    elif isinstance(field, IntegerField | NumberField):
        widget.input_type = "number"
        widget.attrs["step"] = "any"
    options: dict[str, Any] = {
        "label": name.replace("_", " ").capitalize(),
        "help_text": field.help_text or "",
        "required": False,
        "widget": widget,
    }
    return forms.ChoiceField(choices=choices, **options) if choices else forms.CharField(**options)


def text_block(text: str) -> SafeString:
    """Show text as it was sent, white space and all."""
    return format_html('<div class="tunix-text">{}</div>', text)


def json_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def json_block(value: Any) -> SafeString:
    return format_html('<pre class="tunix-json">{}</pre>', json_text(value))


def preview(text: str, *, short: bool = False) -> SafeString:
    """Show the beginning of a text on one line of a list."""
    kind = "tunix-preview tunix-preview-short" if short else "tunix-preview"
    return format_html('<span class="{}" title="{}">{}</span>', kind, text, text)


def link(page: str, text: Any, *args: Any) -> SafeString:
    """Link to a page of the admin, by the name of its route."""
    address = reverse(f"admin:{page}", args=args)
    return format_html('<a class="text-link" href="{}">{}</a>', address, text)
