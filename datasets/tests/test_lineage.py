"""GET /api/datasets/{key}/lineage."""

import pytest
from django.utils import timezone

from datasets import tasks
from datasets.lineage import lineage as lineage_of
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.test_decontaminate import FERRY, asked
from evalsets.models import EvalSet
from evalsets.tests.factories import EvalSetFactory
from jobs.models import Job, State
from jobs.tests.working import work_off
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def lineage(client, dataset) -> dict:
    response = client.get(f"/api/datasets/{dataset.key}/lineage")
    assert response.status_code == 200
    return response.json()


def test_a_dataset_tells_its_parent_and_children(reader):
    TraceFactory.create_batch(2)
    parent = DatasetFactory(name="parent")
    child = DatasetFactory(name="child", parent_key=parent.key)
    grandchildren = [DatasetFactory(parent_key=child.key, recipe__limit=1) for _ in range(2)]
    told = lineage(reader, child)
    assert (told["dataset_key"], told["parent"]) == (
        "child-1",
        {"key": "parent-1", "kept_here": True},
    )
    assert told["child_count"] == 2
    assert [(one["key"], one["trace_count"]) for one in told["children"]] == [
        (one.key, 1) for one in reversed(grandchildren)
    ]
    assert (told["checked_against"], told["held_out"]) == ([], [])
    assert lineage(reader, parent)["parent"] is None


def test_a_parent_that_is_kept_elsewhere_is_named_as_it_was_sent(reader):
    TraceFactory()
    told = lineage(reader, DatasetFactory(parent_key="theirs v2"))
    assert told["parent"] == {"key": "theirs v2", "kept_here": False}


def test_evaluation_sets_that_it_was_held_against_are_told(curator):
    taken, looked_for = asked(FERRY), asked("What is the longest river?")
    TraceFactory(prompt="What is the longest river?")
    recipe = {"against": [{"eval_set": taken}]}
    dataset = DatasetFactory(recipe__decontaminate=recipe)
    query = f"/api/datasets/{dataset.key}/contamination?eval_set={looked_for}"
    for _ in range(2):
        assert curator.get(query, headers={"prefer": "respond-async"}).status_code == 202
        work_off("builds")
    first, second = lineage(curator, dataset)["checked_against"]
    digests = dict(EvalSet.objects.values_list("key", "digest"))
    assert first["eval_set"] == {"key": taken, "digest": digests[taken]}
    assert (first["by"], first["trace_count"]) == ("decontaminate", 0)
    assert second["eval_set"] == {"key": looked_for, "digest": digests[looked_for]}
    assert (second["by"], second["trace_count"]) == ("contamination", 1)
    assert first["at"] < second["at"]


def test_one_that_was_looked_for_before_many_others_is_told(reader):
    TraceFactory()
    dataset = DatasetFactory()
    times = ["first"] + ["again"] * 100
    Job.objects.bulk_create(
        Job(
            kind=tasks.CONTAMINATION,
            state=State.SUCCEEDED,
            parameters={"dataset": dataset.key, "eval_set": key},
            result={"eval_set": {"key": key, "digest": ""}, "trace_count": number},
            finished_at=timezone.now(),
        )
        for number, key in enumerate(times)
    )
    told = lineage(reader, dataset)["checked_against"]
    assert [(one["eval_set"]["key"], one["trace_count"]) for one in told] == [
        ("again", 100),
        ("first", 0),
    ]


def test_more_than_are_listed_are_counted(reader, monkeypatch):
    monkeypatch.setattr(lineage_of, "MOST_LISTED", 1)
    TraceFactory()
    dataset = DatasetFactory(name="parent")
    for _ in range(2):
        DatasetFactory(parent_key="parent-1")
        newest = EvalSetFactory(parent="parent-1")
    told = lineage(reader, dataset)
    assert (told["child_count"], len(told["children"])) == (2, 1)
    assert told["held_out_count"] == 2
    assert [one["key"] for one in told["held_out"]] == [newest.key]


def test_evaluation_sets_that_were_made_of_it_are_told(curator):
    TraceFactory.create_batch(2, meta={"reference_answer": "4"})
    dataset = DatasetFactory(recipe__seed=1, recipe__splits={"all": 1.0})
    body = {"name": "held out", "version": "1", "key": dataset.key, "split": "all"}
    made = curator.post("/api/evalsets/from-dataset", body, format="json").json()
    told = lineage(curator, dataset)
    assert told["held_out_count"] == 1
    assert told["held_out"] == [
        {
            "key": made["key"],
            "digest": made["digest"],
            "item_count": made["item_count"],
            "parent_split": "all",
        }
    ]


def test_a_dataset_that_is_not_there_is_named(reader):
    response = reader.get("/api/datasets/none-1/lineage")
    assert (response.status_code, response.json()) == (404, {"detail": "Dataset none-1 not found."})
