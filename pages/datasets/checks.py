"""The evaluation sets that a dataset was held against, and what was found of one."""

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict

from datasets import tasks
from datasets.held_out.serializers import ContaminationQuery
from datasets.models import Dataset
from evalsets.models import EvalSet
from jobs.models import UNFINISHED, Job, State
from pages.shared.jobs import newest
from pages.shared.polling import polled, saying, seen_of

MOST_OFFERED = 100  # evaluation sets, the newest
ITEMS_SHOWN = 20


class Check(NamedTuple):
    """A job that looks for the items of a set, and what it found so far."""

    eval_set: str
    job: Job
    items: list[dict[str, Any]]
    item_count: int
    trace_count: int

    @property
    def is_done(self) -> bool:
        return self.job.state == State.SUCCEEDED

    @property
    def seen(self) -> str:
        return seen_of(self.job)

    @property
    def is_under_way(self) -> bool:
        return self.job.state in UNFINISHED


def evalset_keys() -> list[str]:
    """Name the evaluation sets that there are."""
    keys = EvalSet.objects.existing().order_by("-pk").values_list("key", flat=True)
    return [*keys[:MOST_OFFERED]]


def check_of(dataset: Dataset, eval_set: str) -> Check | None:
    """Give the last job that held a dataset against a set, with the items that it found."""
    if not eval_set or not eval_set.isprintable():
        return None
    asked = {"dataset": dataset.key, "eval_set": eval_set}
    job = newest(Job.objects.filter(kind=tasks.CONTAMINATION, parameters=asked))
    if job is None:
        return None
    found = job.result or {}
    items = found.get("items", [])[:ITEMS_SHOWN]
    counts = (found.get(name, 0) for name in ("item_count", "trace_count"))
    return Check(eval_set, job, items, *counts)


def polled_check(
    request: HttpRequest, check: Check | None, show: Callable[[str], HttpResponse]
) -> HttpResponse:
    """Answer the part that shows a check; all of its section where that has ended.

    Where the job is no longer kept, the page that it is a part of is loaded again.
    """
    if check is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    part = "check" if check.is_under_way else "checks"
    response = polled(request, check.job, lambda: show(part), whole="#checks")
    if check.is_under_way:
        return response
    return saying(response, f"Looking for {check.eval_set}: {check.job.state}.")


def asked_set(form: QueryDict) -> str:
    """Read which set a form asks for; Invalid where there is none of that key."""
    query = ContaminationQuery.read(QueryDict(urlencode({"eval_set": form.get("eval_set", "")})))
    key: str = query["eval_set"]
    return key
