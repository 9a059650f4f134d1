"""What the form of the columns sends."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from pages.traces.columns.keeping import keep
from pages.traces.views import TracesPage
from tunix_site.admin_base.recording import actor_of


class ColumnsView(TracesPage):
    """Keeps the columns that a person chose, or goes back to the usual ones."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if refused := keep(request.POST, by=actor_of(request)):
            return self.refused(request, refused.text, status=refused.status)
        query = request.GET.urlencode()
        return HttpResponseRedirect(reverse("traces") + (query and f"?{query}"))
