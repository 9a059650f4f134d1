"""Scoring in the admin: the traces that were ticked, or as a job all that match."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from traces.finding.filters import TraceFilters
from traces.models import Trace
from traces.scorers.known import SCORERS
from traces.scorers.named import every_criteria
from traces.serializers.scores import ScoreAllSerializer
from traces.services import scores
from traces.services.scoring.score_all import start_scoring
from traces.services.walking import newest_trace
from tunix_site.admin_base.filters import control
from tunix_site.admin_base.recording import actor_of
from tunix_site.errors import text_of

ROWS_AT_ONCE = 10  # a trace may take a mebibyte


class ScoringForm(forms.Form):
    """On what to score, and which traces: the filters of the list, empty for any."""

    criteria = forms.ChoiceField(
        choices=lambda: [(name, name) for name in every_criteria()], widget=UnfoldAdminSelectWidget
    )
    again = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Those that have a score by this version of the scorer as well.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters = TraceFilters()
        for name, field in self.filters.fields.items():
            self.fields[f"where.{name}"] = control(name, field)
            self.fields[f"where.{name}"].label = f"Where: {name.replace('_', ' ')}"

    def request(self) -> ScoreAllSerializer:
        """Give what was filled in as the API takes it; the serializer alone judges it."""
        names: list[str] = [*self.filters.fields]
        texts: dict[str, str] = {
            name: text for name in names if (text := self.data.get(f"where.{name}"))
        }
        return ScoreAllSerializer(
            data={
                "where": self.filters.typed(texts),
                "criteria": self.data.get("criteria", ""),
                "missing_only": not self.data.get("again"),
            }
        )


class ScoredByJob:
    """A list of traces with a page that has all that match scored."""

    actions_list = ("score_all",)
    admin_site: Any
    opts: Any

    @action(description="Score all that match", url_path="score-all", permissions=["change"])  # type: ignore[untyped-decorator]
    def score_all(self, request: HttpRequest) -> HttpResponse:
        form = ScoringForm(request.POST or None)
        if request.method == "POST":
            asked = form.request()
            if asked.is_valid():
                job = start_scoring(
                    scoring=asked.to_scoring(newest=newest_trace()),
                    parameters=dict(asked.initial_data),
                    by=actor_of(request),
                )
                return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job.pk]))
            messages.error(request, text_of(asked.errors))
        context = {
            **self.admin_site.each_context(request),
            "form": form,
            "opts": self.opts,
            "title": "Score all traces that match",
        }
        return render(request, "traces/admin/score_all.html", context)


def scoring_actions() -> list[Callable[..., None]]:
    """Make an action for each criterion that is computed of one trace."""
    return [_scoring_action(criteria) for criteria in SCORERS]


def _scoring_action(criteria: str) -> Callable[..., None]:
    def score(page: Any, request: HttpRequest, queryset: QuerySet[Trace]) -> None:
        whole = queryset.defer(None).iterator(ROWS_AT_ONCE)
        act = partial(scores.score_trace, criteria=criteria, by=actor_of(request))
        page.for_each(request, whole, act, "Scored")

    score.__name__ = f"score_{criteria}"
    described = admin.action(
        permissions=["change"], description=f"Score selected traces ({criteria})"
    )
    return described(score)
