"""Home: what waits for somebody, what they did of late, and what the site is at."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from datasets.models import Dataset
from jobs.models import Job, State
from jobs.services.reaping import reap_lapsed
from pages.home.mine import my_queues, reviews_of
from pages.home.numbers import disputed, jobs_that_are, unreviewed_by_source, with_status
from pages.jobs.listing import under_way
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
            "jobs": under_way(MOST_JOBS),
            "job_counts": [jobs_that_are(state) for state in (State.RUNNING, State.QUEUED)],
            "datasets": datasets.order_by("-pk")[:MOST_DATASETS],
            "back": reverse("admin:index"),
        }
        return self.show(request, "pages/home/home.html", context, title="Home")
