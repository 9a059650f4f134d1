"""Users as records: nobody takes their own rights there, or the last superuser's."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from unfold.forms import UserChangeForm

from events.actors import Actor
from tunix_site.access.people import refuse_to_lock_out
from tunix_site.errors import Conflict, text_of


class GuardedForm(UserChangeForm):  # type: ignore[misc]
    """Takes the rights of neither oneself nor the last superuser."""

    by: ClassVar[Actor]  # of the class that is made for each request

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not (given.get("is_active") and given.get("is_superuser")):
            try:
                refuse_to_lock_out(user=self.instance, by=self.by)
            except Conflict as error:
                raise forms.ValidationError(text_of(error.detail)) from None
        return given


def may_be_deleted(user: User, *, by: Actor) -> bool:
    """Tell whether a user may be deleted: neither oneself nor the last superuser."""
    with transaction.atomic():
        try:
            refuse_to_lock_out(user=user, by=by)
        except Conflict:
            return False
    return True
