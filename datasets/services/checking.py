"""Starting to look for what of an evaluation set stands in a dataset."""

from django.db import transaction

from datasets import tasks
from datasets.models import Dataset
from events.actors import Actor
from jobs.models import Job, State
from jobs.services.queue import start_job
from jobs.services.reaping import reap_lapsed


def start_check(*, dataset: Dataset, eval_set: str, by: Actor) -> Job:
    """Give the job that looks for a set in a dataset: one that did, or does so, else a new one.

    Neither changes, and so the result stays right.
    """
    parameters = {"dataset": dataset.key, "eval_set": eval_set}
    same = Job.objects.filter(kind=tasks.CONTAMINATION, parameters=parameters)
    reap_lapsed(jobs=same)
    with transaction.atomic():
        # whoever asks at the same time waits here, and then finds the job
        Dataset.objects.select_for_update(no_key=True).only("pk").get(pk=dataset.pk)
        known = same.unfinished().first() or same.filter(state=State.SUCCEEDED).last()
        return known or start_job(kind=tasks.CONTAMINATION, parameters=parameters, by=by)
