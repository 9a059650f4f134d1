"""Changing many traces from the list: the question, the job that does it, undoing it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pages.shared.jobs import cancelled, job_with
from pages.shared.page import SitePage
from pages.shared.polling import polled
from pages.traces.bulk.asking import Asking, Deletion
from pages.traces.bulk.doing import asked_about, elsewhere, started, undone
from pages.traces.bulk.sent import asked_of, confirmed_of, count_of, why_not_asked
from pages.traces.bulk.showing import CHANGES, job_shown
from pages.traces.views import TracesPage
from traces.services.bulk.deleting import OF_SUPERUSERS
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.site import rank_in
from tunix_site.models import Role


class AskingView(TracesPage):
    """Asks whether a change is meant, with the exact count; nothing is changed yet."""

    role = Role.CURATOR

    def post(self, request: HttpRequest) -> HttpResponse:
        if reason := why_not_asked(request.POST):
            return self.refused(request, reason)
        address, wrong = elsewhere(request.POST, by=request.user)
        if wrong:
            return self.refused(request, wrong)
        if address is not None:
            return HttpResponseRedirect(address)
        return self.ask(request, asked_of(request.POST))

    def ask(self, request: HttpRequest, asking: Asking, problem: str = "") -> HttpResponse:
        if isinstance(asking, Deletion) and not request.user.is_superuser:
            return self.refused(request, OF_SUPERUSERS, status=403)
        shown, refused = asked_about(asking)
        if shown is None:
            return self.refused(request, f"Nothing was changed. {problem or refused}")
        traces = "trace" if shown["count"] == 1 else "traces"
        title = f"{shown['count']:,} {traces}: {shown['words']}?"
        return self.show(request, asking.template, {**shown, "problem": problem}, title=title)


class StartView(AskingView):
    """Starts what was confirmed, or asks again where another number matches by now."""

    def post(self, request: HttpRequest) -> HttpResponse:
        asking = confirmed_of(request.POST)
        job, refused = started(asking, count=count_of(request.POST), by=actor_of(request))
        if job is None:
            return self.ask(request, asking, refused)
        return HttpResponseRedirect(reverse("traces-bulk-job", args=[job.pk]))


class JobView(SitePage):
    """Shows how far a change of many has come, and how it ended."""

    role = Role.CURATOR

    def get(self, request: HttpRequest, job: str) -> HttpResponse:
        found = job_with(job, *CHANGES)

        def show() -> HttpResponse:
            shown = job_shown(found, by=request.user)
            return self.show(request, "pages/traces/bulk/done.html", shown, title=shown["heading"])

        return polled(request, found, show)


class CancelView(SitePage):
    """Cancels a change of many; what is done by then can be undone."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, job: str) -> HttpResponse:
        found = job_with(job, *CHANGES)
        if refused := cancelled(found, by=actor_of(request), rank=rank_in(request)):
            messages.error(request, refused)
        return HttpResponseRedirect(reverse("traces-bulk-job", args=[found.pk]))


class UndoChangeView(SitePage):
    """Starts undoing a change of many."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, job: str) -> HttpResponse:
        shown, refused = undone(job_with(job, *CHANGES), by=actor_of(request))
        if refused:
            messages.error(request, refused)
        return HttpResponseRedirect(reverse("traces-bulk-job", args=[shown.pk]))
