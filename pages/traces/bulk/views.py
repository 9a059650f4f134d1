"""Changing many traces from the list: the question, the job that does it, undoing it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from jobs.services.undoing import undo_job
from pages.shared.jobs import cancelled, job_with
from pages.shared.page import SitePage
from pages.shared.polling import polled
from pages.shared.refusals import Refusal, refusable
from pages.traces.bulk.asking import Asking, Deletion
from pages.traces.bulk.sent import (
    address_elsewhere,
    asked_of,
    confirmed_of,
    count_confirmed,
    why_not_asked,
)
from pages.traces.bulk.showing import CHANGES, job_shown, question
from pages.traces.views import TracesPage
from traces.services.bulk.deleting import OF_SUPERUSERS
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.site import rank_in
from tunix_site.errors import Conflict
from tunix_site.models import Role


class AskingView(TracesPage):
    """Asks whether a change is meant, with the exact count; nothing is changed yet."""

    role = Role.CURATOR

    def post(self, request: HttpRequest) -> HttpResponse:
        if reason := why_not_asked(request.POST):
            return self.refused(request, reason, status=400)
        with refusable() as refused:
            address = address_elsewhere(request.POST, by=request.user)
        if refused:
            return self.refused(request, refused.text, status=refused.status)
        if address is not None:
            return HttpResponseRedirect(address)
        return self.ask(request, asked_of(request.POST))

    def ask(
        self, request: HttpRequest, asking: Asking[Any], problem: Refusal | None = None
    ) -> HttpResponse:
        if isinstance(asking, Deletion) and not request.user.is_superuser:
            return self.refused(request, OF_SUPERUSERS, status=403)
        with refusable() as refused:
            shown = question(asking)
        if refused:
            told = problem or refused
            return self.refused(request, f"Nothing was changed. {told.text}", status=told.status)
        traces = "trace" if shown["count"] == 1 else "traces"
        title = f"{shown['count']:,} {traces}: {shown['words']}?"
        context = {**shown, "problem": problem.text if problem else ""}
        # another number by now is another question
        refusal = None if problem and isinstance(problem.error, Conflict) else problem
        status = refusal.status if refusal else 200
        return self.show(request, asking.template, context, title=title, status=status)


class StartView(AskingView):
    """Starts what was confirmed, or asks again where another number matches by now."""

    def post(self, request: HttpRequest) -> HttpResponse:
        asking = confirmed_of(request.POST)
        with refusable() as refused:
            job = asking.start(count_confirmed(request.POST), by=actor_of(request))
            return HttpResponseRedirect(reverse("traces-bulk-job", args=[job.pk]))
        return self.ask(request, asking, refused)


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
        found = job_with(job, *CHANGES)
        with refusable() as refused:
            undo = undo_job(job=found, by=actor_of(request))
            return HttpResponseRedirect(reverse("traces-bulk-job", args=[undo.pk]))
        messages.error(request, refused.text)
        return HttpResponseRedirect(reverse("traces-bulk-job", args=[found.pk]))
