"""Which datasets an evaluation set was looked for in."""

from datetime import datetime
from typing import NamedTuple

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


def datasets_looked_through(evalset: EvalSet) -> list[Looked]:
    """Say in which datasets that are still there jobs looked for a set, the last time of each.

    Jobs are forgotten one day. Reads what all such jobs that are kept were asked for.
    """
    done = Job.objects.filter(
        kind=tasks.CONTAMINATION, state=State.SUCCEEDED, parameters__eval_set=evalset.key
    )
    last = done.order_by("parameters__dataset", "-pk").distinct("parameters__dataset")
    newest = sorted(last.values_list("pk", flat=True))[-MOST_LISTED:]
    rows = Job.objects.filter(pk__in=newest).order_by("-pk")
    columns = (
        *("parameters__dataset", "finished_at"),
        *("result__item_count", "result__trace_count"),
    )
    looked = [Looked(*row) for row in rows.values_list(*columns)]
    keys = [one.dataset for one in looked]
    there = {*Dataset.objects.existing().filter(key__in=keys).values_list("key", flat=True)}
    return [one for one in looked if one.dataset in there]
