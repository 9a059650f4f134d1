"""What pages share: who may come, under which policy, and within what they are shown."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.generic import View

from tunix_site.access.browsers import IN_LAYOUT, STRICT, guard
from tunix_site.access.roles import NO_RANK, RANKS
from tunix_site.admin_base.site import rank_in
from tunix_site.api.refusals import refusal
from tunix_site.models import Role

LOGGED_OUT = "Your session ended: log in again."


def wants_json(request: HttpRequest) -> bool:
    """Tell the module's requests from those of a page without script."""
    return request.headers.get("Accept", "").startswith("application/json")


class PageView(View):
    """A page for whoever has the role; a session that ended is told as such to the module."""

    role: ClassVar[str] = Role.READER
    for_superusers: ClassVar[bool] = False
    policy: ClassVar[dict[str, str]] = STRICT
    may_judge = False
    may_import = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rank = rank_in(request)
        self.may_judge = rank >= RANKS[Role.CURATOR]
        self.may_import = rank >= RANKS[Role.WRITER]
        if rank == NO_RANK:  # nobody, or somebody whom that page tells why they may not enter
            return _asking_for_login(request)
        if rank < RANKS[self.role]:
            return refusal(request, 403, f"This needs the role {self.role}.")
        if self.for_superusers and not request.user.is_superuser:
            return refusal(request, 403, "This is for superusers.")
        response = super().dispatch(request, *args, **kwargs)
        guard(response, self.policy)
        return response


class SitePage(PageView):
    """A page in the admin's layout; its template extends `pages/site.html`."""

    policy = IN_LAYOUT

    def show(
        self,
        request: HttpRequest,
        template: str,
        context: dict[str, Any],
        *,
        title: str,
        status: int = 200,
    ) -> HttpResponse:
        whole = {
            **admin.site.each_context(request),
            "may_judge": self.may_judge,
            "may_import": self.may_import,
            **context,
            "title": title,
        }
        return render(request, template, whole, status=status)


def _asking_for_login(request: HttpRequest) -> HttpResponse:
    if wants_json(request) or "HX-Request" in request.headers:
        return JsonResponse({"detail": LOGGED_OUT}, status=401)
    # a form's own address is no page to come back to
    back = request.get_full_path() if request.method == "GET" else reverse("admin:index")
    return redirect_to_login(back, reverse("admin:login"))
