"""The form that builds a dataset, what it would build, and a build under way."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from datasets import tasks
from datasets.previews import FORMATS_OF_LINES
from jobs.services.queue import cancel_job
from pages.building.form import bound
from pages.building.layout import FORMAT, MORE
from pages.building.making import begun, made_of
from pages.building.previewing import api_call, previewed
from pages.datasets.bars import funnel_lines
from pages.datasets.checks import evalset_keys
from pages.shared.jobs import job_with
from pages.shared.page import SitePage
from traces.scorers.known import EVERY_SCORER
from tunix_site.access.roles import rank_of_user
from tunix_site.admin_base.recording import actor_of
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
        context = {
            "job": found,
            "funnel": funnel_lines((found.result or {}).get("funnel", [])),
            "key": (found.result or {}).get("dataset_key"),
        }
        return self.show(request, "pages/building/building.html", context, title=TITLE)

    def post(self, request: HttpRequest, job: str) -> HttpResponse:
        found, rank = job_with(job, tasks.BUILD), rank_of_user(request.user)
        cancel_job(job=found, by=actor_of(request), rank=rank)
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
