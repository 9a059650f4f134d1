"""Preferences in the admin: looked at, given and deleted."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from traces.finding.curation.preferences import preferences_that_match
from traces.models import Preference
from traces.serializers.reviews import MAX_NOTE_CHARS
from traces.services.preferences import delete_preference, prefer_trace
from tunix_site.admin_base.deleting import DeletedByService
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.lists import RoleAdmin
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.shown import link, preview, text_block
from tunix_site.api.fields import QuerySerializer, TextField, UUIDField
from tunix_site.errors import Conflict, Invalid, text_of

SIDES = ("chosen_id", "rejected_id")


class PreferenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Ids, since a list to choose from would be of all traces."""

    chosen_id = forms.UUIDField(
        label="Chosen", widget=UnfoldAdminTextInputWidget, help_text="The id of the better trace."
    )
    rejected_id = forms.UUIDField(
        label="Rejected",
        widget=UnfoldAdminTextInputWidget,
        help_text="The id of another attempt at the same prompt.",
    )
    note = forms.CharField(
        required=False,
        strip=False,
        max_length=MAX_NOTE_CHARS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class PreferenceFilters(QuerySerializer):
    reviewer = TextField(required=False, max_length=150, help_text="The whole name.")
    trace = UUIDField(required=False, help_text="Chosen or rejected.")


class PreferenceFilter(QueryFilter):
    query = PreferenceFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[Preference]:
        return preferences_that_match(queryset, values)


@admin.register(Preference)
class PreferenceAdmin(DeletedByService, RoleAdmin):
    """Which of two attempts at a prompt people find better."""

    allows = frozenset({"add", "delete"})
    form = PreferenceForm
    filters = PreferenceFilter
    list_display = ("chosen_column", "rejected_column", "reviewer_name", "note_column", "created")
    list_display_links = ("created",)
    list_select_related = ("reviewer",)
    actions = ("delete_selected",)
    shown = ("chosen_column", "rejected_column", "reviewer_name", "shown_note", "created_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else (*SIDES, "note")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else ()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Store it, or say why not and keep the ids."""
        try:
            return super().add_view(request, form_url, extra_context)
        except (Conflict, Invalid) as error:
            self.message_user(request, text_of(error.detail), messages.ERROR)
            ids = {name: request.POST.get(name, "") for name in SIDES}
            return HttpResponseRedirect(f"{request.path}?{urlencode(ids)}")

    def save_model(self, request: Any, obj: Preference, form: Any, change: Any) -> None:
        given = form.cleaned_data
        stored, _ = prefer_trace(
            chosen=given["chosen_id"],
            rejected=given["rejected_id"],
            note=given["note"],
            by=actor_of(request),
        )
        obj.pk, obj.chosen_id, obj.rejected_id = stored.pk, stored.chosen_id, stored.rejected_id

    def told_of_deletion(self, obj: Preference) -> str:
        return f"{obj}; both traces stay"

    def delete_model(self, request: HttpRequest, obj: Preference) -> None:
        delete_preference(preference=obj, by=actor_of(request))

    @admin.display(description="Chosen")
    def chosen_column(self, preference: Preference) -> SafeString:
        return link("traces_trace_change", preference.chosen_id, preference.chosen_id)

    @admin.display(description="Rejected")
    def rejected_column(self, preference: Preference) -> SafeString:
        return link("traces_trace_change", preference.rejected_id, preference.rejected_id)

    @admin.display(description="Reviewer")
    def reviewer_name(self, preference: Preference) -> str:
        return str(preference.reviewer)

    @admin.display(description="Note")
    def shown_note(self, preference: Preference) -> SafeString:
        return text_block(preference.note)

    @admin.display(description="Note")
    def note_column(self, preference: Preference) -> SafeString:
        return preview(preference.note)
