"""People, for superusers: who there is, and a form that makes or changes somebody."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from rest_framework.exceptions import APIException

from pages.settings.people import ROLES, people_of, person_sent
from pages.shared.page import SitePage
from pages.shared.refusals import refusable
from tunix_site.access.people import (
    ChangedMeanwhile,
    Person,
    change_person,
    make_person,
    person_of,
    set_password,
)
from tunix_site.access.roles import rank_of_user
from tunix_site.admin_base.recording import actor_of
from tunix_site.database.ids import with_number
from tunix_site.errors import Conflict, Invalid, Unavailable, text_of

NEWCOMER = Person(username="", role="reader")


class PeopleView(SitePage):
    """Who there is."""

    for_superusers = True

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {"people": people_of(request.GET)}
        return self.show(request, "pages/settings/people.html", context, title="People")


class PersonPage(SitePage):
    """The form of somebody; a view that is refused shows it with what was typed, and why."""

    for_superusers = True

    def form(
        self,
        request: HttpRequest,
        person: Person,
        *,
        user: Any = None,
        shown: Person | None = None,
        error: APIException | None = None,
        password: str = "",
    ) -> HttpResponse:
        """Show the form; `shown` is what a change expects to find."""
        theirs = error.found if isinstance(error, ChangedMeanwhile) else None
        context = {
            "person": person,
            "someone": user,
            "shown": theirs or shown or person,
            "roles": ROLES.items(),
            "problems": _by_field(error),
            "problem": text_of(error.detail) if error and not isinstance(error, Invalid) else "",
            "theirs": theirs,
            "password": password,
        }
        title = user.get_username() if user else "A new person"
        status = error.status_code if error else 200
        return self.show(request, "pages/settings/person.html", context, title=title, status=status)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class NewPersonView(PersonPage):
    """Makes somebody; a password that was made up is shown this once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.form(request, NEWCOMER)

    @sensitive_variables("given", "password")
    def post(self, request: HttpRequest) -> HttpResponse:
        person, given = person_sent(request.POST), request.POST.get("password", "")
        with refusable() as refused:
            user, password = make_person(person=person, password=given, by=actor_of(request))
        if refused:
            return self.form(request, person, error=refused.error)
        if given:
            became = "can sign in now" if rank_of_user(user) else "is made, and may not enter yet"
            messages.success(request, f"{person.username} {became}.")
            return HttpResponseRedirect(reverse("settings-people"))
        return self.form(request, person_of(user=user), user=user, password=password)


class PersonView(PersonPage):
    """Shows and changes somebody."""

    def get(self, request: HttpRequest, user: str) -> HttpResponse:
        found = _user(user)
        return self.form(request, person_of(user=found), user=found)

    def post(self, request: HttpRequest, user: str) -> HttpResponse:
        found, person = _user(user), person_sent(request.POST)
        shown = person_sent(request.POST, "shown_")
        with refusable(Conflict, Invalid) as refused:
            change_person(user=found, person=person, expected=shown, by=actor_of(request))
        if refused:
            return self.form(request, person, user=found, shown=shown, error=refused.error)
        messages.success(request, f"{person.username} is changed.")
        return HttpResponseRedirect(reverse("settings-people"))


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class PasswordView(PersonPage):
    """Gives somebody else another password, and ends their sessions."""

    def get(self, request: HttpRequest, user: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("settings-person", args=[user]))

    @sensitive_variables("given", "password")
    def post(self, request: HttpRequest, user: str) -> HttpResponse:
        found, given = _user(user), request.POST.get("password", "")
        if found == request.user:
            return HttpResponseRedirect(reverse("admin:password_change"))
        with refusable(Invalid, Unavailable) as refused:
            password = set_password(user=found, password=given, by=actor_of(request))
        if refused:
            return self.form(request, person_of(user=found), user=found, error=refused.error)
        if given:
            messages.success(request, f"The password of {found.get_username()} is changed.")
            return HttpResponseRedirect(reverse("settings-people"))
        return self.form(request, person_of(user=found), user=found, password=password)


def _user(pk: str) -> Any:
    return with_number(get_user_model().objects.prefetch_related("groups"), pk)


def _by_field(error: APIException | None) -> Mapping[str, str]:
    if not isinstance(error, Invalid) or not isinstance(error.detail, dict):
        return {}
    return {name: text_of(reasons) for name, reasons in error.detail.items()}
