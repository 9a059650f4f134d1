"""Home: what waits for somebody, what they did of late, and what the site is at."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from datasets.models import Dataset
from jobs.models import Job
from jobs.services.reaping import reap_lapsed
from pages.home.mine import my_queues, reviews_of
from pages.home.numbers import MOST, disputed, unreviewed_by_source, up_to_most, with_status
from pages.shared.page import SitePage
from traces.models import Status

MOST_JOBS = 5
MOST_DATASETS = 5


class HomeView(SitePage):
    """The first page; it costs the same at any number of traces."""

    def get(self, request: HttpRequest) -> HttpResponse:
        unfinished = Job.objects.unfinished()
        reap_lapsed(jobs=unfinished)
        datasets = Dataset.objects.existing().only("key", "trace_count", "created_at")
        context = {
            "queues": my_queues(request.user),
            "mine": reviews_of(request.user),
            "unreviewed": with_status(Status.UNREVIEWED),
            "flagged": with_status(Status.FLAGGED),
            "disputed": disputed(),
            "sources": unreviewed_by_source(),
            "jobs": unfinished.only("kind", "state", "done", "total").order_by("-pk")[:MOST_JOBS],
            "job_count": up_to_most(unfinished.order_by("-pk")[: MOST + 1].count()),
            "datasets": datasets.order_by("-pk")[:MOST_DATASETS],
            "back": reverse("admin:index"),
        }
        return self.show(request, "pages/home/home.html", context, title="Home")
