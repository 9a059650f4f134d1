"""What the forms of the list send to keep a filter, and to delete one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pages.shared.page import SitePage
from pages.shared.refusals import refusable
from pages.shared.values import json_or_text
from pages.traces.asked import address_of
from pages.traces.views import TracesPage
from traces.finding.queues import filters_of
from traces.serializers.saved_filters import NewFilterSerializer
from traces.services.filters.saved_filters import delete_filter, save_filter
from tunix_site.admin_base.recording import actor_of
from tunix_site.database.ids import with_number


class FiltersView(TracesPage):
    """Keeps a filter under a name."""

    def post(self, request: HttpRequest) -> HttpResponse:
        where = json_or_text(request.POST.get("where", ""))
        name = request.POST.get("name", "").strip()
        body = {"name": name, "where": where, "team": "team" in request.POST}
        with refusable() as refused:
            serializer = NewFilterSerializer(data=body)
            serializer.is_valid(raise_exception=True)
            asked = {**serializer.validated_data, "where": where}
            save_filter(**asked, may_curate=self.may_judge, by=actor_of(request))
        if refused:
            reason = f"The filter was not kept. {refused.text}"
            return self.refused(request, reason, status=refused.status)
        messages.success(request, f"The filter {name} is kept.")
        return HttpResponseRedirect(reverse("traces") + address_of(where, by=request.user))


class FilterView(SitePage):
    """Goes to the list of a filter that was kept."""

    def get(self, request: HttpRequest, kept: str) -> HttpResponse:
        found = with_number(filters_of(request.user), kept)
        return HttpResponseRedirect(reverse("traces") + address_of(found.where, by=request.user))


class FilterDeletionView(SitePage):
    """Deletes a filter that was kept."""

    def post(self, request: HttpRequest, kept: str) -> HttpResponse:
        found = with_number(filters_of(request.user), kept)
        name = found.name
        delete_filter(kept=found, may_curate=self.may_judge, by=actor_of(request))
        messages.success(request, f"The filter {name} is deleted.")
        return HttpResponseRedirect(reverse("traces"))
