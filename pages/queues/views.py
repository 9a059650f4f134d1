"""The list of queues, and a new one."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from pages.queues.listing import ORDERS, disputes, page_for
from pages.queues.making import begun_with, made_of
from pages.shared.asked import Asked
from pages.shared.keyset import From
from pages.shared.long_filters import FILTER, where_named
from pages.shared.page import PageView
from traces.models import Status
from traces.reasoning.answers.comparing import OUTCOMES
from tunix_site.admin_base.recording import actor_of
from tunix_site.api.refusals import refusal
from tunix_site.database.ids import number_in
from tunix_site.models import Role


class QueuesView(PageView):
    """The queues that a person may work on, with a form for a new one.

    The query may begin that with a filter, or ask how far the people of a queue agree.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not self.may_judge:
            return refusal(request, 403, f"This needs the role {Role.CURATOR}.")
        queue, problem = made_of(request.POST, by=actor_of(request))
        if queue is None:
            return self.page(request, problem=problem, status=400)
        return HttpResponseRedirect(reverse("review-queues"))

    def page(self, request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
        begun, start = _begun_by(request.GET), From.asked(request.GET, number_in)
        agreement_of = "".join(begun.pop("agreement", []))
        at = {name: begun.pop(name)[-1] for name in ("before", "after") if name in begun}
        context = {
            "page": page_for(request.user, start, agreement_of=agreement_of),
            "asked": Asked({}, {}, {}),  # the list has no filters
            "here": Asked(at, {}, {}),
            "disputes": disputes(),
            "may_judge": self.may_judge,
            "orders": ORDERS.items(),
            "statuses": Status.values,
            "outcomes": OUTCOMES,
            "given": request.POST or begun,
            "problem": problem,
        }
        return render(request, "pages/queues/list.html", context, status=status)


def _begun_by(query: QueryDict) -> QueryDict:
    """Give what stands in the form: its fields as the address has them, or a filter by its id."""
    begun = query.copy()
    for identity in begun.pop(FILTER, [])[-1:]:
        begun.update(begun_with(where_named(identity)))
    return begun
