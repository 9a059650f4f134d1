from pages.addresses import QUEUE, page
from pages.queues import change_views
from pages.queues.views import QueuesView

urlpatterns = [
    page("review", QueuesView, "review-queues"),
    page(f"review/{QUEUE}/settings", change_views.ChangeView, "queue-change"),
    page(f"review/{QUEUE}/delete", change_views.DeleteView, "queue-delete"),
]
