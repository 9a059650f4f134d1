"""Deleting a dataset that a page showed."""

from django.http import QueryDict

from datasets.models import Dataset
from datasets.services.delete import delete_dataset
from events.actors import Actor
from pages.shared.refusals import refusable

ANOTHER = "This is no longer the dataset that was shown: look at it again."


def deleted(dataset: Dataset, form: QueryDict, *, by: Actor) -> str:
    """Delete a dataset whose build was shown; why not, where it stays."""
    if form.get("build_id") != str(dataset.build_id):
        return ANOTHER
    with refusable() as refused:
        delete_dataset(dataset=dataset, by=by)
    return refused.text
