"""Preferences in the admin: looked at, given and deleted."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from events.actors import Actor
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

    by: ClassVar[Actor]
    stored: Preference

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

    def clean(self) -> None:
        """Store it, as what the service refuses is to be shown beside what was typed."""
        super().clean()
        if self.errors:
            return
        given = self.cleaned_data
        try:
            self.stored, created = prefer_trace(
                chosen=given["chosen_id"],
                rejected=given["rejected_id"],
                note=given["note"],
                by=self.by,
            )
        except Invalid as error:
            for side, texts in dict(error.detail).items():  # type: ignore[arg-type]  # by key
                self.add_error(f"{side}_id", text_of(texts))
        except Conflict as error:
            self.add_error(None, text_of(error.detail))
        else:
            if not created:
                self.add_error(
                    None, f"You said so before: delete preference {self.stored.pk} first."
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

    recorded_as = "preference"
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

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: Any = False,  # noqa: FBT002  # Django's signature
        **kwargs: Any,
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.by = actor_of(request)  # of a class that is made for each request
        return form

    def save_model(self, request: Any, obj: Preference, form: Any, change: Any) -> None:
        obj.__dict__.update(form.stored.__dict__)

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
