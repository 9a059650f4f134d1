"""The pages below /admin/ that are more than one model's."""

from django.urls import URLPattern, re_path

from pages.queues.views import QueuesView
from pages.review import queued, views
from pages.traces.views import TracesView

QUEUE = r"(?P<queue>[0-9]{1,18})"
TRACE = r"(?P<trace>[0-9a-fA-F-]{32,36})"


def _page(address: str, view: type, name: str) -> URLPattern:
    return re_path(rf"^review/{address}/?$", view.as_view(), name=f"review-{name}")  # type: ignore[attr-defined]


urlpatterns = [
    re_path(r"^review/?$", QueuesView.as_view(), name="review-queues"),
    _page("login", views.LoginView, "login"),
    _page(f"trace/{TRACE}", views.TraceView, "trace"),
    _page(f"trace/{TRACE}/steps", views.StepsView, "steps"),
    _page(f"trace/{TRACE}/verdict", views.VerdictView, "verdict"),
    _page(f"trace/{TRACE}/tags", views.TagsView, "tags"),
    _page(QUEUE, queued.QueueView, "queue"),
    _page(f"{QUEUE}/next", queued.NextView, "next"),
    _page(f"{QUEUE}/skip", queued.SkipView, "skip"),
    _page(f"{QUEUE}/undo", queued.UndoView, "undo"),
    _page(f"{QUEUE}/renew", queued.RenewView, "renew"),
    _page(f"{QUEUE}/{TRACE}", queued.QueuedView, "queued"),
    _page(f"{QUEUE}/{TRACE}/steps", views.StepsView, "queued-steps"),
    _page(f"{QUEUE}/{TRACE}/verdict", queued.QueuedVerdictView, "queued-verdict"),
    re_path(r"^traces/?$", TracesView.as_view(), name="traces"),
]
