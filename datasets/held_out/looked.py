"""Which datasets an evaluation set was looked for in."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from datasets import tasks
from datasets.models import Dataset
from evalsets.models import EvalSet
from jobs.models import Job, State

MOST_LISTED = 100  # the newest first


class Looked(NamedTuple):
    """The last time that a set was looked for in a dataset, and what was found."""

    dataset: str
    at: datetime
    item_count: int
    trace_count: int


def last_looks(each: str, **asked: str) -> QuerySet[Job]:
    """Give the jobs that looked last, of `each` dataset or eval_set, among those asked so.

    The newest first, MOST_LISTED at most. Reads what all such jobs that are kept were asked for.
    """
    of = {f"parameters__{name}": key for name, key in asked.items()}
    done = Job.objects.filter(kind=tasks.CONTAMINATION, state=State.SUCCEEDED, **of)
    last = done.order_by(f"parameters__{each}", "-pk").distinct(f"parameters__{each}")
    newest = sorted(last.values_list("pk", flat=True))[-MOST_LISTED:]
    return Job.objects.filter(pk__in=newest).order_by("-pk")


def datasets_looked_through(evalset: EvalSet) -> list[Looked]:
    """Say in which datasets that are still there jobs looked for a set, the last time of each.

    Jobs are forgotten one day.
    """
    rows = last_looks("dataset", eval_set=evalset.key)
    columns = (
        *("parameters__dataset", "finished_at"),
        *("result__item_count", "result__trace_count"),
    )
    looked = [Looked(*row) for row in rows.values_list(*columns)]
    keys = [one.dataset for one in looked]
    there = {*Dataset.objects.existing().filter(key__in=keys).values_list("key", flat=True)}
    return [one for one in looked if one.dataset in there]
