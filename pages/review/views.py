"""The page of one trace outside of any queue, and what its forms send."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from pages.review import beside, shown
from pages.review.answers import page_of, refused_login
from pages.review.attempts import side_by_side
from pages.review.finding import start_of, trace_with
from pages.review.place import Place, place_said
from pages.review.sent import judged, tags_sent
from pages.review.steps import piece_of
from pages.shared.login import LoginForm
from pages.shared.page import PageView
from pages.text.texts import Texts
from traces.services.curation import curate_trace
from tunix_site.admin_base.recording import actor_of
from tunix_site.models import Role


class TraceView(PageView):
    """The page of a trace."""

    def get(self, request: HttpRequest, trace: str) -> HttpResponse:
        found = trace_with(trace)
        start = start_of(request, found)
        context = shown.context_of(
            found, Place(), user=request.user, may_judge=self.may_judge, start=start
        )
        return render(request, "pages/review/page.html", context)


class StepsView(PageView):
    """The next steps of a trace, for the module to put behind those that are there."""

    def get(self, request: HttpRequest, trace: str, queue: str = "") -> HttpResponse:
        place, found = place_said(request, queue), trace_with(trace)
        may_judge = self.may_judge and not place.is_read_alone
        given = beside.reviews_of(found, place.kept_back(found, request.user))
        reviews = beside.standing_in(given)
        context = {
            "piece": piece_of(found, reviews, start=start_of(request, found), texts=Texts()),
            **shown.of_place(place, found, request.user, may_judge=may_judge),
            "urls": place.urls_of(found),
        }
        return render(request, "pages/review/steps.html", context)


class AttemptsView(PageView):
    """Attempts at the prompt of a trace, side by side."""

    def get(self, request: HttpRequest, trace: str, queue: str = "") -> HttpResponse:
        place, found = place_said(request, queue), trace_with(trace)
        context = {
            "attempts": list(side_by_side(found)),
            "are_kept_back": bool(place.kept_back(found, request.user)),
        }
        html = render_to_string("pages/review/attempts.html", context, request)
        return JsonResponse({"html": html})


class VerdictView(PageView):
    """A verdict on a trace; the answer is the trace as it is then."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, trace: str) -> HttpResponse:
        judged(request, trace_with(trace))
        return page_of(request, trace_with(trace), Place())


class TagsView(PageView):
    """Other tags for a trace."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, trace: str, queue: str = "") -> HttpResponse:
        place, found = place_said(request, queue), trace_with(trace)
        curate_trace(trace=found, by=actor_of(request), **tags_sent(request.POST))
        return page_of(request, trace_with(trace), place)


class LoginView(View):
    """A login in place: whoever was thrown out goes on where they were."""

    @method_decorator(sensitive_post_parameters("password"))
    def post(self, request: HttpRequest) -> HttpResponse:
        form = LoginForm(request, data=request.POST)
        if not form.is_valid():
            return refused_login(form)
        login(request, form.get_user())
        return JsonResponse({"user": form.get_user().pk})
