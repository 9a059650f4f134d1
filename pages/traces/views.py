"""The list of traces."""

from django.http import HttpRequest, HttpResponse

from pages.shared.page import SitePage
from pages.traces.listing import From, page_of


class TracesView(SitePage):
    """The list, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        page = page_of({}, From.asked(request.GET))
        return self.show(request, "pages/traces/list.html", {"page": page}, title="Traces")
