"""What the pages of reviewing share: who may come, and a policy that runs our own script alone."""

from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.generic import View

from tunix_site.access.roles import RANKS, rank_of_user
from tunix_site.api.refusals import refusal
from tunix_site.models import Role

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
LOGGED_OUT = "Your session ended: log in again."


def wants_json(request: HttpRequest) -> bool:
    """Tell the module's requests from those of a page without script."""
    return request.headers.get("Accept", "").startswith("application/json")


class PageView(View):
    """A page for whoever has the role; a session that ended is told as such to the module."""

    role: ClassVar[str] = Role.READER
    may_judge = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rank = rank_of_user(request.user)
        self.may_judge = rank >= RANKS[Role.CURATOR]
        if not request.user.is_authenticated:
            return _asking_for_login(request)
        if rank < RANKS[self.role]:
            return refusal(request, 403, f"This needs the role {self.role}.")
        response = super().dispatch(request, *args, **kwargs)
        response["Content-Security-Policy"] = POLICY
        response["Cache-Control"] = "no-store"
        return response


def _asking_for_login(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"detail": LOGGED_OUT}, status=401)
    # a form's own address is no page to come back to
    back = request.get_full_path() if request.method == "GET" else reverse("admin:index")
    return redirect_to_login(back, reverse("admin:login"))
