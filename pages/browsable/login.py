"""The login of people who use the API in a browser, whatever their role."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView as DjangoLoginView
from django.contrib.auth.views import LogoutView as DjangoLogoutView
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tunix_site.access.browsers import STRICT, guard
from tunix_site.access.roles import NO_RANK, rank_of_user
from tunix_site.admin_base.site import NO_ROLE

WRONG = (
    "There is no such name with this password, or it was switched off. "
    "Upper and lower case count in both."
)


class LoginForm(AuthenticationForm):
    error_messages = {**AuthenticationForm.error_messages, "invalid_login": WRONG}

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if rank_of_user(user) == NO_RANK:
            raise forms.ValidationError(NO_ROLE.format(user))


class LoginView(DjangoLoginView):
    authentication_form = LoginForm
    template_name = "pages/browsable/login.html"
    extra_context = {"title": "Log in"}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        guard(response, STRICT)
        return response


class LogoutView(DjangoLogoutView):
    next_page = "log-in"  # by the name of its route
