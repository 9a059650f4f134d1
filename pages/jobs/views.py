"""The list of jobs, and the page of one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from jobs.models import State
from pages.jobs.listing import FILTERS, asked_by, changed_since, page_of
from pages.jobs.shown import job_shown
from pages.jobs.words import kinds
from pages.shared.asked import chips_of
from pages.shared.jobs import cancelled, job_with
from pages.shared.keyset import From
from pages.shared.page import SitePage
from pages.shared.polling import polled, saying
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.site import rank_in


class JobsView(SitePage):
    """The list, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = asked_by(request.GET)
        page = page_of(asked.values, From.asked(request.GET))
        context = {
            "asked": asked,
            "chips": chips_of(asked, FILTERS.__getitem__),
            "page": page,
            "under_way": [row for row in page.rows if row.is_under_way],
            "states": State.values,
            "kinds": kinds(),
        }
        return self.show(request, "pages/jobs/list.html", context, title="Jobs")


class ChangedJobsView(SitePage):
    """How far the jobs of the list are that were under way: nothing where nothing changed."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows, changed, told = changed_since(request.GET.getlist("of"))
        if not changed:
            return HttpResponse(status=204)
        context = {"under_way": [row for row in rows if row.is_under_way], "changed": changed}
        response = render(request, "pages/jobs/changed.html", context)
        return saying(response, told) if told else response


class JobView(SitePage):
    """How far a job has come, and what came of it."""

    def get(self, request: HttpRequest, job: str) -> HttpResponse:
        found = job_with(job)

        def show() -> HttpResponse:
            shown = job_shown(found, by=request.user, rank=rank_in(request))
            return self.show(request, "pages/jobs/job.html", shown, title=shown["title"])

        return polled(request, found, show)


class CancelView(SitePage):
    """Cancels a job, and goes back to its page; the service knows who may."""

    def post(self, request: HttpRequest, job: str) -> HttpResponse:
        found = job_with(job)
        if refused := cancelled(found, by=actor_of(request), rank=rank_in(request)):
            messages.error(request, refused)
        return HttpResponseRedirect(reverse("job", args=[found.pk]))
