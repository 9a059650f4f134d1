"""The list of evaluation sets, the page of one, and a new one."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from datasets.lookup import dataset_by
from datasets.services.checking import start_check
from evalsets.lookup import evalset_by
from evalsets.services.delete import delete_evalset
from pages.datasets.checks import polled_check
from pages.evalsets.checks import checks_of, dataset_keys
from pages.evalsets.listing import page_of
from pages.evalsets.making import Made, made_of
from pages.evalsets.receiving import received
from pages.evalsets.shown import checked_in, context_of
from pages.evalsets.ways import PROBLEMS, WAYS, begun, bound, way_in
from pages.shared.asked import searched
from pages.shared.keyset import From
from pages.shared.page import SitePage
from pages.shared.refusals import refusable
from training.programs import why_not_run
from tunix_site.admin_base.recording import actor_of
from tunix_site.database.ids import number_in
from tunix_site.models import Role


class EvalSetsView(SitePage):
    """The list, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = searched(request.GET)
        context = {"asked": asked, "page": page_of(asked, From.asked(request.GET, number_in))}
        return self.show(request, "pages/evalsets/list.html", context, title="Evaluation sets")


class EvalSetView(SitePage):
    """Everything that a set is."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        evalset = evalset_by(key)
        curator = request.user if self.may_judge else None
        context = context_of(evalset, request.GET, changes_for=curator)
        return self.show(request, "pages/evalsets/evalset.html", context, title=evalset.key)


class CheckView(SitePage):
    """A job that looks for the questions of a set in a dataset."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """Say how far it is, for a part of the set's page, or how it ended."""
        evalset, dataset = evalset_by(key), request.GET.get("checked", "")
        shown = checks_of(evalset, dataset, checked_in(evalset, dataset))

        def show(part: str) -> HttpResponse:
            return render(request, f"pages/evalsets/{part}.html", shown)

        return polled_check(request, shown["check"], show)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        evalset, dataset = evalset_by(key), dataset_by(request.POST.get("dataset", ""))
        start_check(dataset=dataset, eval_set=evalset.key, by=actor_of(request))
        page = reverse("evalset", args=[key])
        return HttpResponseRedirect(f"{page}?{urlencode({'checked': dataset.key})}#checks")


class DeleteView(SitePage):
    """A set is deleted, and its key stays taken."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        evalset = evalset_by(key)
        with refusable() as refused:
            delete_evalset(evalset=evalset, by=actor_of(request))
        if refused:
            messages.error(request, refused.text)
            return HttpResponseRedirect(reverse("evalset", args=[key]))
        messages.success(request, f"{key} is deleted.")
        return HttpResponseRedirect(reverse("evalsets"))


@method_decorator(csrf_exempt, name="dispatch")  # the token is read with the file: see `post`
class NewView(SitePage):
    """The form for a new set: of lines, of a dataset, or generated."""

    role = Role.CURATOR
    takes_files = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.form(request, Made(status=200))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Read the form, now that it is known who sends it."""
        return received(request, self.answer)

    def answer(self, request: HttpRequest) -> HttpResponse:
        made = made_of(way_in(request.GET), request, by=actor_of(request))
        if not made.address:
            return self.form(request, made)
        if made.told:
            messages.success(request, made.told)
        return HttpResponseRedirect(made.address)

    def form(self, request: HttpRequest, made: Made) -> HttpResponse:
        way = way_in(request.GET)
        given = request.POST or begun(way, request.GET)
        context = {
            "way": way,
            "ways": [(name, one.title) for name, one in WAYS.items()],
            "fields": bound(way, given, made.problems),
            "made": made,
            "problem": made.problems.get("", ""),
            "problem_of_lines": made.problems.get("lines", ""),
            "limit": settings.MAX_BATCH_BYTES,
            "why_not": why_not_run() if way == PROBLEMS else "",
            "datasets": dataset_keys(),
        }
        title = "A new evaluation set"
        return self.show(
            request, "pages/evalsets/new.html", context, title=title, status=made.status
        )
