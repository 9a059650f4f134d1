"""The form that builds a dataset, what it would build, and a build under way."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from datasets import tasks
from datasets.previews import FORMATS_OF_LINES
from jobs.models import UNFINISHED
from pages.building.form import bound
from pages.building.layout import FORMAT, MORE
from pages.building.making import begun, made_of
from pages.building.previewing import api_call, previewed
from pages.datasets.bars import funnel_lines
from pages.datasets.checks import evalset_keys
from pages.jobs.words import title_of
from pages.shared.jobs import cancelled, job_with
from pages.shared.page import SitePage
from pages.shared.polling import polled, seen_of
from traces.scorers.known import EVERY_SCORER
from tunix_site.admin_base.recording import actor_of
from tunix_site.admin_base.site import rank_in
from tunix_site.models import Role

TITLE = "Build a dataset"


class BuildView(SitePage):
    """The form, begun anew or by a dataset, a job or filters; sent, it builds."""

    role = Role.CURATOR

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.form(request, begun(request.GET), {})

    def post(self, request: HttpRequest) -> HttpResponse:
        made = made_of(request.POST, by=actor_of(request))
        if made.problems:
            return self.form(request, request.POST, made.problems, status=400)
        return HttpResponseRedirect(made.address)

    def form(
        self,
        request: HttpRequest,
        given: QueryDict,
        problems: dict[str, str],
        *,
        preview: Any = None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **shown(request, given, problems, preview),
            "formats": FORMATS_OF_LINES,
            "evalsets": evalset_keys(),
            "criteria": sorted(EVERY_SCORER),
        }
        return self.show(request, "pages/building/build.html", context, title=TITLE, status=status)


class PreviewView(BuildView):
    """What the form would build: a part of the page for its script, else the whole of it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("build-dataset"))

    def post(self, request: HttpRequest) -> HttpResponse:
        preview, problems = previewed(request.POST, by=actor_of(request))
        if request.headers.get("HX-Target") != "preview":
            return self.form(request, request.POST, problems, preview=preview)
        context = {**shown(request, request.POST, problems, preview), "is_part": True}
        return render(request, "pages/building/part.html", context)


class BuildingView(SitePage):
    """How far a job that builds has come, and then its dataset."""

    def get(self, request: HttpRequest, job: str) -> HttpResponse:
        found = job_with(job, tasks.BUILD)
        funnel = funnel_lines((found.result or {}).get("funnel", []))
        seen = f"{seen_of(found)}.{len(funnel)}"
        context = {
            "job": found,
            "seen": seen,
            "is_under_way": found.state in UNFINISHED,
            "funnel": funnel,
            "key": (found.result or {}).get("dataset_key"),
        }

        def show() -> HttpResponse:
            title = f"{title_of(found.kind, found.parameters)}: {found.state}"
            return self.show(request, "pages/building/building.html", context, title=title)

        return polled(request, found, show, seen=seen)

    def post(self, request: HttpRequest, job: str) -> HttpResponse:
        found = job_with(job, tasks.BUILD)
        if refused := cancelled(found, by=actor_of(request), rank=rank_in(request)):
            messages.error(request, refused)
        return HttpResponseRedirect(reverse("building", args=[job]))


def shown(
    request: HttpRequest, given: QueryDict, problems: dict[str, str], preview: Any
) -> dict[str, Any]:
    """Give what the form and its preview show."""
    address = request.build_absolute_uri("/api/datasets/build")
    return {
        "groups": bound(given, problems),
        "given": given,
        "more": given.get(MORE, ""),
        "format": given.get(FORMAT, ""),
        "problem": problems.get("", ""),
        "problem_of_more": problems.get(MORE, ""),
        "problem_of_format": problems.get(FORMAT, ""),
        "problems": problems,
        "preview": preview,
        "call": "" if problems else api_call(given, address),
    }
