"""Lists of rows that stay quick at any size, and the base of all model pages."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from unfold.forms import ActionForm

from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.rights import RoleRights
from tunix_site.admin_base.typed import ChangeList, ModelAdmin, Paginator
from tunix_site.apps import site_apps

MAX_LISTED = 10_000


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
        self.full_result_count = self.result_count  # so that no "Show all" drops the filters


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
    recorded_as: ClassVar[str] = ""  # the kind by which events tell of its objects

    def recorded_id(self, obj: Any) -> object:
        """Give the id by which events tell of an object."""
        return obj.pk

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show what events tell: Django's own history knows of the admin's forms alone."""
        routes = [app.history for app in site_apps() if app.history]
        obj = self.get_object(request, unquote(object_id)) if self.recorded_as else None
        if not routes or obj is None or not self.has_view_permission(request, obj):
            return super().history_view(request, object_id, extra_context)
        kind, identity = self.recorded_as, str(self.recorded_id(obj))
        return HttpResponseRedirect(reverse(routes[0], args=[kind, identity]))

    @admin.display(description="Created", ordering="created_at")
    def created(self, obj: Any) -> str:
        return f"{timezone.localtime(obj.created_at):%Y-%m-%d %H:%M}"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Put the deletion last: what is offered first is done by mistake."""
        actions: dict[str, Any] = super().get_actions(request)
        if deletion := actions.pop("delete_selected", None):
            actions["delete_selected"] = deletion
        return actions

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
