"""Settings: one's own password, API keys and shortcuts."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pages.settings.own_keys import Made, keys_of, made_key, roles_up_to
from pages.shared.page import SitePage
from tunix_site.access.keys import revoke_key
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.site import rank_in
from tunix_site.database.ids import with_number
from tunix_site.models import ApiKey


class SettingsView(SitePage):
    """What somebody may set for themselves, and the way to what superusers may for all."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.shown(request, Made())

    def shown(self, request: HttpRequest, made: Made) -> HttpResponse:
        refused = bool(made.problem or made.problems)
        context = {
            "keys": keys_of(request.user),
            "roles": roles_up_to(rank_in(request)),
            "made": made,
            "sent": request.POST if refused else {},
        }
        status = 400 if refused else 200
        return self.show(
            request, "pages/settings/settings.html", context, title="Settings", status=status
        )


class KeysView(SettingsView):
    """Makes a key, and shows it in its own answer: it is kept nowhere for a later one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("settings") + "#keys")

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.shown(request, made_key(request.POST, by=actor_of(request)))


class RevocationView(SitePage):
    """Revokes a key of one's own."""

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        found = with_number(ApiKey.objects.filter(user=request.user), key)
        if revoke_key(key=found, by=actor_of(request)):
            messages.success(request, f"The key {found.name} is revoked.")
        else:
            messages.info(request, f"The key {found.name} was revoked before.")
        return HttpResponseRedirect(reverse("settings") + "#keys")
