"""The activity: what was done on the site, and what became of one thing."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from pages.activity.asked import LABELS, asked_by
from pages.activity.listing import page_of
from pages.activity.names import name_of
from pages.activity.of_object import changes_of
from pages.activity.undoing import back_of, undone
from pages.activity.words import WAYS, named
from pages.shared.asked import chips_of
from pages.shared.keyset import From
from pages.shared.page import SitePage
from tunix_site.admin_base.recording import actor_of
from tunix_site.audit.finding import known_values
from tunix_site.models import Role


class ActivityView(SitePage):
    """What was done, newest first."""

    role = Role.CURATOR

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = asked_by(request.GET)
        context = {
            "asked": asked,
            "chips": chips_of(asked, LABELS.__getitem__),
            "page": page_of(asked.values, From.asked(request.GET), user=request.user),
            "actors": known_values("actor_name"),
            "actions": known_values("action"),
            "kinds": known_values("object_type"),
            "ways": WAYS.items(),
        }
        return self.show(request, "pages/activity/list.html", context, title="Activity")


class ChangesView(SitePage):
    """What became of one thing."""

    role = Role.CURATOR

    def get(self, request: HttpRequest, kind: str, thing: str) -> HttpResponse:
        if not thing.isprintable():  # as no id is, and a NUL cannot be asked for
            raise Http404("There is no such thing.")
        changes = changes_of(kind, thing, user=request.user)
        title = f"Changes of {named(kind)} {name_of(kind, thing)}"
        return self.show(request, "pages/activity/thing.html", {"changes": changes}, title=title)


class UndoToldView(SitePage):
    """Takes back what a row tells of, and goes back to the page that it is on."""

    role = Role.CURATOR

    def post(self, request: HttpRequest) -> HttpResponse:
        done, words = undone(request.POST, by=actor_of(request))
        (messages.success if done else messages.error)(request, words)
        return HttpResponseRedirect(back_of(request.POST.get("back", "")))
