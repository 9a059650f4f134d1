"""Asking for exports that are kept, and looking at what is."""

from datasets.models import Dataset
from datasets.tests.exporting import EXPORTS, ROUTES
from datasets.tests.factories import DatasetFactory
from traces.models import Trace
from traces.tests.factories import TraceFactory

LASTING = [
    f"export.{route}?format={name}" for route, name in EXPORTS if ROUTES[route][name][0].lasting
]


def url_of(dataset, query="") -> str:
    return f"/api/datasets/{dataset.key}/export.jsonl{query}"


def kept(folder) -> list:
    return sorted(folder.iterdir()) if folder.exists() else []


def ranged(client, url, part, **headers):
    return client.get(url, headers={"Range": f"bytes={part}", **headers})


def large_dataset() -> Dataset:
    """Build a dataset of several pieces."""
    steps = [{"i": 0, "type": "reasoning", "content": "x" * 1_000}]
    Trace.objects.bulk_create(TraceFactory.build_batch(500, steps=steps))
    return DatasetFactory()
