"""Links from a dataset to what it is compared with and comes from, for a page."""

from urllib.parse import urlencode

from django.urls import reverse

from datasets.models import Dataset

Links = list[tuple[str, str]]


def lineage_links(dataset: Dataset) -> list[tuple[str, Links]]:
    """Give rows of links: lineage, comparisons, and the evaluation sets that were taken away."""
    lineage = reverse("dataset-lineage", args=[dataset.key])
    contamination = reverse("dataset-contamination", args=[dataset.key])
    against = dataset.findings.get("decontaminated_against", [])
    return [
        ("lineage", [("parent, children, evaluation sets", lineage)]),
        ("compare", [(f"with {one.key}", _compared(one, dataset)) for one in _bases(dataset)]),
        (
            "contamination",
            [
                (one["key"], f"{contamination}?{urlencode({'eval_set': one['key']})}")
                for one in against
            ],
        ),
    ]


def _bases(dataset: Dataset) -> list[Dataset]:
    """Give the parent and the version before, where they are here."""
    same_name = Dataset.objects.existing().filter(name=dataset.name, pk__lt=dataset.pk)
    bases = [dataset.parent, same_name.order_by("-pk").first()]
    return list(dict.fromkeys(base for base in bases if base is not None))


def _compared(base: Dataset, other: Dataset) -> str:
    asked = urlencode({"base": base.key, "other": other.key})
    return f"{reverse('dataset-compare')}?{asked}"
