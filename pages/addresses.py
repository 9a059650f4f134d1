"""How pages are addressed: what stands for a thing in a path, and a route for a view."""

from django.urls import URLPattern, re_path
from django.views.generic import View

KEY = r"(?P<key>[A-Za-z0-9][A-Za-z0-9._-]*-[A-Za-z0-9._-]+)"  # a hyphen is in no model's name
JOB = r"(?P<job>[0-9a-fA-F-]{36})"
QUEUE = r"(?P<queue>[0-9]{1,18})"
TRACE = r"(?P<trace>[0-9a-fA-F-]{32,36})"


def page(address: str, view: type[View], name: str) -> URLPattern:
    """Give the route of a page below /admin/, with its trailing slash and without."""
    return re_path(rf"^{address}/?$", view.as_view(), name=name)
