"""Traces by the datasets that hold them, which this app knows by their items alone."""

from typing import Any

from traces.models import Trace


def ids_of_dataset(filters: dict[str, Any]) -> Any:
    """Give the ids of the traces of the dataset that is the only filter; else None."""
    return traces_of_dataset(filters["dataset"]) if filters.keys() == {"dataset"} else None


def traces_of_dataset(key: str) -> Any:
    """Give the ids of the traces of a dataset.

    It is looked up: by its number, the planner knows how many items it has.
    """
    items: Any = Trace._meta.get_field("dataset_items").related_model
    datasets = items._meta.get_field("dataset").related_model.objects
    number = datasets.filter(key=key).values_list("pk", flat=True).first()
    return items.objects.filter(dataset=number or 0).values("trace")
