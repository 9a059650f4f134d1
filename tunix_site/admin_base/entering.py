"""Signing in: who may enter, and what those are told who may not."""

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from events.actors import Actor
from events.models import Through
from tunix_site.access.accounts import record_password
from tunix_site.access.addresses import address_of
from tunix_site.access.passwords import OldPasswordMixin
from tunix_site.access.roles import NO_RANK, rank_of_user

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
    from django.contrib.admin.forms import AdminPasswordChangeForm as AdminOwnPasswordChangeForm
else:
    from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm

WRONG = "There is nobody of this name with this password. Capitals count in both."
INACTIVE = "{name} may not sign in any more: the account was switched off. {who} can change that."
NO_ROLE = "{name} may not enter yet: a role is missing. {who} can give one, in Settings."
MOST_NAMED = 3


def why_not(user: Any) -> str:
    """Say why a user may not enter, and who can change that; the empty text where they may."""
    if not user.is_active:
        return INACTIVE.format(name=user.get_username(), who=_superusers())
    if rank_of_user(user) == NO_RANK:
        return NO_ROLE.format(name=user.get_username(), who=_superusers())
    return ""


def _superusers() -> str:
    users = get_user_model().objects.filter(is_superuser=True, is_active=True)
    names = [user.get_username() for user in users.order_by("pk")[:MOST_NAMED]]
    return " or ".join(names) or "Whoever runs the site"


class LetsInByRole:
    """For a form of a login: whoever has a role may enter, others are told why they may not."""

    def confirm_login_allowed(self, user: Any) -> None:
        if reason := why_not(user):
            raise forms.ValidationError(reason)

    def get_invalid_login_error(self) -> forms.ValidationError:
        return forms.ValidationError(WRONG, code="invalid_login")


class LoginForm(LetsInByRole, AuthenticationForm):
    """That of the pages; which of them somebody may open is asked by each."""


class OwnPasswordForm(OldPasswordMixin, AdminOwnPasswordChangeForm):
    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    @transaction.atomic
    def save(self, commit: Any = True) -> Any:  # noqa: FBT002  # Django's signature
        user = super().save(commit)
        record_password(user=user, by=Actor(user=user, through=Through.ADMIN))
        return user


def change_of_password(request: HttpRequest, **options: Any) -> HttpResponse | HttpResponseBase:
    """Do as Django does, with a form that counts wrong passwords."""
    form = partial(OwnPasswordForm, address=address_of(request))
    return PasswordChangeView.as_view(form_class=form, **options)(request)
