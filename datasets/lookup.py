"""Finding the dataset that a route names."""

from rest_framework.exceptions import NotFound

from datasets.models import Dataset
from tunix_site.strict_json import shown


def dataset_by(key: str) -> Dataset:
    """Give the dataset of a key; NotFound where there is none, or it was deleted."""
    datasets = Dataset.objects.existing()
    dataset = datasets.filter(key=key).first() if key.isprintable() else None
    if dataset is None:
        raise NotFound(f"Dataset {shown(key)!s:.193} not found.")
    return dataset
