"""Preferences by who gave them, and of which traces they are."""

from typing import Any

from django.db.models import Q, QuerySet

from traces.models import Preference
from tunix_site.api.fields import TextField, UUIDField
from tunix_site.api.pagination import PageQuery


class PreferenceQuery(PageQuery):
    """The filters of preferences."""

    reviewer = TextField(max_length=150, required=False, help_text="The user's whole name.")
    trace = UUIDField(required=False, help_text="Is the chosen or the rejected one.")
    prompt_hash = UUIDField(required=False, help_text="Of the prompt that both are attempts at.")


def preferences_that_match(
    preferences: QuerySet[Preference], query: dict[str, Any]
) -> QuerySet[Preference]:
    if "reviewer" in query:
        preferences = preferences.filter(reviewer__username=query["reviewer"])
    if "trace" in query:
        trace = query["trace"]
        preferences = preferences.filter(Q(chosen=trace) | Q(rejected=trace))
    if "prompt_hash" in query:
        preferences = preferences.filter(chosen__prompt_hash=query["prompt_hash"])
    return preferences
