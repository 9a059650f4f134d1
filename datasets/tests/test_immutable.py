"""A dataset never changes after it is built, whoever tries."""

import pytest
from django.db import IntegrityError, transaction

from datasets.models import Dataset, DatasetItem, RemovedTrace
from datasets.recipe.recipe import Recipe
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import step
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        {"key": "other-1"},
        {"name": "other"},
        {"version": "2"},
        {"recipe": Recipe(limit=5)},
        {"recipe": {}},
        {"session_id": "x"},
        {"training_run_id": "x"},
        {"provenance": {"a": 1}},
        {"parent_dataset_id": "other-1"},
        {"trace_count": 5},
        {"matched_count": 5},
        {"stats": {}},
        {"findings": {"verified_by": {}}},
        {"content_digest": ""},
        {"build_id": "01890000-0000-7000-8000-000000000000"},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_what_a_dataset_is_cannot_be_updated(change):
    TraceFactory()
    DatasetFactory()
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Dataset.objects.update(**change)


@pytest.mark.parametrize("change", [{"position": 5}, {"split": "train"}])
def test_items_cannot_be_updated(change):
    TraceFactory()
    dataset = DatasetFactory()
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        dataset.items.update(**change)


def test_items_are_neither_added_nor_taken_away():
    TraceFactory()
    dataset = DatasetFactory()
    other = TraceFactory()
    for change in (
        lambda: dataset.items.create(trace=other, position=1),
        lambda: dataset.items.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            change()
    assert dataset.items.count() == 1


def test_what_refers_to_no_dataset_or_trace_is_refused():
    trace = TraceFactory()
    for change in (
        lambda: DatasetItem.objects.create(dataset_id=0, trace=trace, position=0),
        lambda: RemovedTrace.objects.create(
            dataset_id=0, trace_id=trace.id, step="exact", reason="same_content"
        ),
    ):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            change()


def test_reasons_are_neither_added_nor_changed_nor_taken_away():
    content = {"prompt": "Same?", "final_answer": "yes", "steps": [step("same")]}
    TraceFactory.create_batch(2, **content)
    other = TraceFactory()
    dataset = DatasetFactory(recipe__exact=True)
    for change in (
        lambda: dataset.removed.create(trace_id=other.id, step="exact", reason="same_content"),
        lambda: dataset.removed.update(reason="no_score"),
        lambda: dataset.removed.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            change()
    assert [one.reason for one in dataset.removed.all()] == ["same_content"]


def test_a_trace_that_is_held_is_deleted_by_nobody():
    trace = TraceFactory()
    DatasetFactory()
    with pytest.raises(IntegrityError, match="a dataset holds"), transaction.atomic():
        Trace.objects.filter(pk=trace.pk)._raw_delete("default")


def test_a_deleted_dataset_neither_comes_back_nor_frees_its_key(curator):
    TraceFactory()
    dataset = DatasetFactory()
    curator.delete(f"/api/datasets/{dataset.key}")
    for change in (
        lambda: Dataset.objects.update(deleted_at=None),
        lambda: Dataset.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            change()


def test_curating_a_trace_leaves_the_dataset_alone(curator):
    trace = TraceFactory()
    dataset = DatasetFactory(recipe__where={"status": "unreviewed"})
    curator.patch(f"/api/traces/{trace.id}", {"status": "rejected"}, format="json")
    assert [item.trace_id for item in dataset.items.all()] == [trace.id]
