"""The login of people who use the API in a browser, whatever their role."""

from typing import Any

from django.contrib.auth.views import LoginView as DjangoLoginView
from django.contrib.auth.views import LogoutView as DjangoLogoutView
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from pages.shared.login import LoginForm
from tunix_site.access.browsers import STRICT, guard


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
