from pages.addresses import QUEUE, TRACE, page
from pages.review import queued, views
from pages.review.correcting.views import CorrectView

OF_TRACE = f"review/trace/{TRACE}"
OF_QUEUE = f"review/{QUEUE}"
QUEUED = f"{OF_QUEUE}/{TRACE}"

urlpatterns = [
    page("review/login", views.LoginView, "review-login"),
    page(OF_TRACE, views.TraceView, "review-trace"),
    page(f"{OF_TRACE}/steps", views.StepsView, "review-steps"),
    page(f"{OF_TRACE}/verdict", views.VerdictView, "review-verdict"),
    page(f"{OF_TRACE}/tags", views.TagsView, "review-tags"),
    page(f"{OF_TRACE}/attempts", views.AttemptsView, "review-attempts"),
    page(f"{OF_TRACE}/correct", CorrectView, "review-correct"),
    page(OF_QUEUE, queued.QueueView, "review-queue"),
    page(f"{OF_QUEUE}/next", queued.NextView, "review-next"),
    page(f"{OF_QUEUE}/skip", queued.SkipView, "review-skip"),
    page(f"{OF_QUEUE}/undo", queued.UndoVerdictView, "review-undo"),
    page(f"{OF_QUEUE}/renew", queued.RenewView, "review-renew"),
    page(QUEUED, queued.QueuedView, "review-queued"),
    page(f"{QUEUED}/steps", views.StepsView, "review-queued-steps"),
    page(f"{QUEUED}/tags", views.TagsView, "review-queued-tags"),
    page(f"{QUEUED}/attempts", views.AttemptsView, "review-queued-attempts"),
    page(f"{QUEUED}/verdict", queued.QueuedVerdictView, "review-queued-verdict"),
    page(f"{QUEUED}/correct", CorrectView, "review-queued-correct"),
]
