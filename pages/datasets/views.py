"""The list of datasets, and the page of one."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from datasets.lookup import dataset_by
from datasets.services.checking import start_check
from pages.datasets.checks import asked_set, check_of, polled_check
from pages.datasets.deleting import deleted
from pages.datasets.listing import page_of
from pages.datasets.recipes import sentence
from pages.datasets.shown import checks_of, context_of
from pages.shared.asked import searched
from pages.shared.keyset import From
from pages.shared.page import SitePage
from tunix_site.admin_base.recording import actor_of
from tunix_site.database.ids import number_in
from tunix_site.models import Role


class DatasetsView(SitePage):
    """The list, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = searched(request.GET)
        context = {"asked": asked, "page": page_of(asked, From.asked(request.GET, number_in))}
        return self.show(request, "pages/datasets/list.html", context, title="Datasets")


class DatasetView(SitePage):
    """Everything that a dataset is."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        dataset = dataset_by(key)
        curator = request.user if self.may_judge else None
        context = context_of(dataset, request.GET, changes_for=curator)
        return self.show(request, "pages/datasets/dataset.html", context, title=dataset.key)


class CheckView(SitePage):
    """A job that holds a dataset against an evaluation set."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """Say how far it is, for a part of the dataset's page, or how it ended."""
        dataset = dataset_by(key)
        shown = checks_of(dataset, check_of(dataset, request.GET.get("checked", "")))

        def show(part: str) -> HttpResponse:
            return render(request, f"pages/datasets/{part}.html", {**shown, "dataset": dataset})

        return polled_check(request, shown["check"], show)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        dataset, eval_set = dataset_by(key), asked_set(request.POST)
        start_check(dataset=dataset, eval_set=eval_set, by=actor_of(request))
        page = reverse("dataset", args=[key])
        return HttpResponseRedirect(f"{page}?{urlencode({'checked': eval_set})}#checks")


class DeleteView(SitePage):
    """A dataset is deleted, and its key stays taken."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        dataset = dataset_by(key)
        if refused := deleted(dataset, request.POST, by=actor_of(request)):
            messages.error(request, refused)
            return HttpResponseRedirect(reverse("dataset", args=[key]))
        messages.success(request, f"{sentence(dataset)}: {key} is deleted.")
        return HttpResponseRedirect(reverse("datasets"))
