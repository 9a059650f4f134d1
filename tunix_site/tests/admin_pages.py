"""The admin as a browser has it: who is logged in, and what a page's form would send."""

from html.parser import HTMLParser

from django.contrib.auth.models import User
from django.test import Client

from tunix_site.tests.people import give_role


def logged_in(role: str, *, is_staff: bool = True) -> Client:
    """Give a client whose session is that of a user with the role."""
    user, _ = User.objects.get_or_create(username=f"the {role}", defaults={"is_staff": is_staff})
    give_role(user, role)
    client = Client()
    client.force_login(user)
    return client


def form_of(response) -> dict[str, str]:
    """Read the values of the page's change form as a browser would send them unchanged."""
    reader = _FormReader()
    reader.feed(response.content.decode())
    return reader.values


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.inside = False
        self.field = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.inside = (given.get("id") or "").endswith("_form")
        if not self.inside:
            return
        if tag in ("select", "textarea"):
            self.field = given["name"]
            self.values[self.field] = ""
        elif tag == "option" and "selected" in given:
            self.values[self.field] = given["value"]
        elif tag == "input" and given.get("type") not in ("submit", "checkbox"):
            self.values[given["name"]] = given.get("value") or ""
        elif tag == "input" and "checked" in given:
            self.values[given["name"]] = given.get("value") or "on"

    def handle_data(self, data):
        if self.inside and self.lasttag == "textarea" and self.field:
            self.values[self.field] += data

    def handle_endtag(self, tag):
        if tag == "textarea":  # a browser drops the line break that the page begins with
            self.values[self.field] = self.values[self.field].removeprefix("\n")
            self.field = ""
        elif tag == "form":
            self.inside = False
