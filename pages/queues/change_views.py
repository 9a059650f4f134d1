"""What may change of a queue, and its end."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pages.queues.changing import Sent, change_sent, is_now
from pages.shared.page import SitePage
from pages.shared.refusals import refusable
from traces.curation.queues import Queue
from traces.finding.queues import find_queue, queues_of
from traces.serializers.queues import QueueChangeSerializer
from traces.services.queues.queues import ChangedMeanwhile, change_queue, delete_queue, version_of
from tunix_site.admin_base.recording import actor_of
from tunix_site.models import Role


class ChangeView(SitePage):
    """The form of a queue: its name, its people, and what they are told and asked."""

    role = Role.CURATOR

    def get(self, request: HttpRequest, queue: str) -> HttpResponse:
        found = find_queue(queue)
        version = version_of(queue=found)  # first: what is read later may be newer, never older
        return self.form(request, found, is_now(found), version)

    def post(self, request: HttpRequest, queue: str) -> HttpResponse:
        found = find_queue(queue)
        sent = change_sent(request.POST, found)
        with refusable() as refused:
            serializer = QueueChangeSerializer(data=sent.body)
            serializer.is_valid(raise_exception=True)
            change_queue(
                queue=found,
                changes=serializer.validated_data,
                by=actor_of(request),
                expected=request.POST.get("version"),
            )
        if refused:
            shown = request.POST.get("version", "")
            told: dict[str, Any] = {"problem": refused.text, "status": refused.status}
            if isinstance(refused.error, ChangedMeanwhile):
                found = find_queue(queue)
                shown = version_of(queue=found)
                told["theirs"] = is_now(found)
            return self.form(request, found, sent, shown, **told)
        messages.success(request, f"{sent.name} is changed.")
        return HttpResponseRedirect(reverse("queue-change", args=[found.pk]))

    def form(
        self,
        request: HttpRequest,
        queue: Queue,
        given: Sent,
        version: str,
        *,
        status: int = 200,
        **told: Any,
    ) -> HttpResponse:
        """Show the form; `version` is of what was shown, and what a change expects to find."""
        context = {
            "queue": queue,
            "given": given,
            "version": version,
            "may_work": queues_of(request.user).filter(pk=queue.pk).exists(),
            **told,
        }
        template = "pages/queues/change.html"
        return self.show(request, template, context, title=queue.name, status=status)


class DeleteView(SitePage):
    """A queue is deleted; what was reviewed in it stays."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, queue: str) -> HttpResponse:
        found = find_queue(queue)
        with refusable() as refused:
            delete_queue(queue=found, by=actor_of(request))
        if refused:
            messages.error(request, refused.text)
            return HttpResponseRedirect(reverse("queue-change", args=[found.pk]))
        return HttpResponseRedirect(reverse("review-queues"))
