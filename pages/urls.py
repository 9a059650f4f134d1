"""The pages below /admin/ that are more than one model's."""

from django.urls import URLPattern, re_path

from pages.review import views

TRACE = r"(?P<trace>[0-9a-fA-F-]{32,36})"


def _page(address: str, view: type, name: str) -> URLPattern:
    return re_path(rf"^review/{address}/?$", view.as_view(), name=f"review-{name}")  # type: ignore[attr-defined]


urlpatterns = [
    _page("login", views.LoginView, "login"),
    _page(f"trace/{TRACE}", views.TraceView, "trace"),
    _page(f"trace/{TRACE}/steps", views.StepsView, "steps"),
    _page(f"trace/{TRACE}/verdict", views.VerdictView, "verdict"),
    _page(f"trace/{TRACE}/tags", views.TagsView, "tags"),
]
