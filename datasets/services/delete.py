"""Deleting datasets."""

from functools import partial

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound

from datasets.export import files
from datasets.models import Dataset, DatasetItem, DatasetPair, RemovedTrace
from events.actors import Actor
from events.services import record_event
from tunix_site.errors import Conflict


def delete_dataset(*, dataset: Dataset, by: Actor) -> None:
    """Delete items, pairs and reasons; the row holds the key. Conflict while it has children.

    NotFound where it was deleted meanwhile.
    """
    with transaction.atomic():
        held = Dataset.objects.existing().select_for_update(no_key=True).filter(pk=dataset.pk)
        try:
            dataset = held.get()
        except Dataset.DoesNotExist:  # somebody was quicker
            raise NotFound from None
        children = dataset.children.filter(deleted_at=None).order_by("key")
        keys = list(children.values_list("key", flat=True))
        if keys:
            raise Conflict(f"{dataset.key} is the parent of: {', '.join(keys)}.")
        dataset.deleted_at = timezone.now()
        dataset.save(update_fields=["deleted_at"])
        DatasetItem.objects.filter(dataset=dataset).delete()
        RemovedTrace.objects.filter(dataset=dataset).delete()
        DatasetPair.objects.filter(dataset=dataset).delete()
        record_event(
            by=by,
            action="delete",
            object_type="dataset",
            object_id=dataset.key,
            before={"build_id": dataset.build_id, "content_digest": dataset.content_digest},
            count=dataset.trace_count,
        )
        transaction.on_commit(partial(files.forget, dataset.build_id), robust=True)
