"""The admin's site: who may enter it at all."""

from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from tunix_site.access.browsers import IN_LAYOUT, guard
from tunix_site.access.roles import RANKS, rank_of_user
from tunix_site.admin_base.entering import LoginForm, change_of_password, why_not
from tunix_site.apps import LAST, site_apps
from tunix_site.models import Role

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
else:
    from unfold.sites import UnfoldAdminSite as AdminSite


def rank_in(request: Any) -> int:
    """Rank the request's user; one query a request."""
    if not hasattr(request, "rank"):
        request.rank = rank_of_user(request.user)
    return int(request.rank)


def may_curate(request: Any) -> bool:
    """Tell whether the request's user may open the models' own pages."""
    return bool(request.user.is_staff and rank_in(request) >= RANKS[Role.CURATOR])


def may_read(request: Any) -> bool:
    """Tell whether the request's user may enter, and read what the API shows."""
    return rank_in(request) >= RANKS[Role.READER]


def may_administer(request: Any) -> bool:
    """Tell whether the user is a superuser; keys, users and groups are theirs alone."""
    user = request.user
    return bool(user.is_active and user.is_staff and user.is_superuser)


class TunixAdminSite(AdminSite):
    """Open to whoever has a role; models' own pages ask for more (`RoleRights`)."""

    login_form = LoginForm
    login_template = "tunix_site/login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return may_read(request)

    def admin_view(self, view: Any, cacheable: Any = False) -> Any:  # noqa: FBT002  # Django's
        """Guard each page; what scripts ask for may be kept."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response: HttpResponse = inner(request, *args, **kwargs)
            guard(response, IN_LAYOUT)
            return response

        return inner if cacheable else update_wrapper(guarded, inner)

    def login(self, request: Any, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and request.user.is_authenticated and not may_read(request):
            messages.warning(request, why_not(request.user))
        # the way back to the site would ask for a login as well
        response = super().login(request, {"site_url": "", **(extra_context or {})})
        guard(response, IN_LAYOUT)
        return response

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        request.current_app = self.name
        template = self.password_change_template or "registration/password_change_form.html"
        return change_of_password(
            request,
            success_url=reverse(f"{self.name}:password_change_done", current_app=self.name),
            template_name=template,
            extra_context={**self.each_context(request), **(extra_context or {})},
        )

    def get_urls(self) -> list[Any]:
        # No model has a page outside the admin, and that view breaks on an id that is no UUID.
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Put the traces and what is made of them first."""
        apps = super().get_app_list(request, app_label)
        places = {app.label: app.place for app in site_apps()}
        return sorted(apps, key=lambda app: places.get(app["app_label"], LAST))

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            response: HttpResponse = super().search(request, extra_context)  # type: ignore[misc]
        except (InvalidPage, ValueError):
            raise Http404 from None
        return response
