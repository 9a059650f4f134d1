"""GET /api/datasets/{key}/contamination."""

import pytest

from datasets import tasks
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.test_decontaminate import BAKER, FERRY, asked
from evalsets.tests.factories import EvalSetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def test_items_are_found_with_their_traces_and_words(reader):
    key = asked(FERRY, BAKER, "What is the capital of the country with the longest coast?")
    TraceFactory()
    copies = TraceFactory.create_batch(2, prompt=FERRY)
    embedded = TraceFactory(prompt=f"Well: {FERRY}")
    changed = TraceFactory(prompt=BAKER.replace("45", "50"))
    dataset = DatasetFactory()
    TraceFactory(prompt=BAKER)  # in no dataset
    answer = reader.get(f"/api/datasets/{dataset.key}/contamination?eval_set={key}")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["item_count"], found["trace_count"]) == (2, 4)
    assert (found["eval_set"]["key"], found["eval_set"]["match"]) == (key, "words")
    ferry, baker = found["items"]
    assert (ferry["item"], ferry["share"], ferry["trace_count"]) == ("q0", 1.0, 3)
    assert set(ferry["traces"]) == {str(trace.id) for trace in (*copies, embedded)}
    assert (baker["item"], baker["traces"]) == ("q1", [str(changed.id)])
    assert baker["words"].startswith("loaves on monday")


def test_where_no_item_is_there_none_is_found(reader):
    key = EvalSetFactory().key
    TraceFactory(prompt="How many eggs are in three boxes?")
    found = reader.get(f"/api/datasets/{DatasetFactory().key}/contamination?eval_set={key}").json()
    assert (found["item_count"], found["trace_count"], found["items"]) == (0, 0, [])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", {"eval_set": ["This field is required."]}),
        ("?eval_set=none-1", {"eval_set": ["There is no evaluation set 'none-1'."]}),
    ],
)
def test_a_set_that_is_not_there_is_refused(reader, query, said):
    TraceFactory()
    refused = reader.get(f"/api/datasets/{DatasetFactory().key}/contamination{query}")
    assert (refused.status_code, refused.json()) == (400, said)


def test_a_large_dataset_is_looked_through_by_a_job(reader, monkeypatch):
    monkeypatch.setattr(tasks, "MOST_LOOKED_THROUGH", 1)
    key = asked(FERRY)
    TraceFactory.create_batch(2, prompt=FERRY)
    dataset = DatasetFactory()
    accepted = reader.get(f"/api/datasets/{dataset.key}/contamination?eval_set={key}")
    assert accepted.status_code == 202
    assert accepted.json()["kind"] == "contamination"
