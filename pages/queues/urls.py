from pages.addresses import page
from pages.queues.views import QueuesView

urlpatterns = [
    page("review", QueuesView, "review-queues"),
]
