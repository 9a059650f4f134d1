"""GET /api/datasets/{key}/contamination."""

import pytest

from datasets import tasks
from datasets.held_out import contamination
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.test_decontaminate import BAKER, FERRY, asked
from evalsets.document import Item
from evalsets.tests.factories import EvalSetFactory
from jobs.models import Job, State
from jobs.tests.working import work_off
from traces.tests.concurrency import elsewhere, just_before
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


def test_of_one_question_the_traces_are_told_whose_system_text_holds_an_item(reader):
    key = asked(FERRY)
    asking = {"role": "user", "content": "How many legs have seven spiders and two horses?"}
    told = [f"For example: {FERRY}", *(f"Be brief: {n}." for n in range(3))]
    traces = [
        TraceFactory(
            prompt=f"{text}\n\n{asking['content']}",
            messages=[{"role": "system", "content": text}, asking],
        )
        for text in told
    ]
    assert len({trace.prompt_hash for trace in traces}) == 1
    found = reader.get(f"/api/datasets/{DatasetFactory().key}/contamination?eval_set={key}").json()
    assert found["trace_count"] == 1
    assert [item["traces"] for item in found["items"]] == [[str(traces[0].id)]]


def test_where_as_much_of_items_stands_they_come_by_their_ids(reader):
    prompts = [f"{FERRY} {word}" for word in ("One", "Two", "Three", "Four", "Five", "Six")]
    key = EvalSetFactory(
        items=[
            Item(id=f"{place * 7 % 10}", prompt=prompt, expected_answer="")
            for place, prompt in enumerate(prompts)
        ]
    ).key
    for prompt in prompts:
        TraceFactory(prompt=prompt)
        TraceFactory(prompt=f"Well, then: {prompt}")
    found = reader.get(f"/api/datasets/{DatasetFactory().key}/contamination?eval_set={key}").json()
    assert [item["share"] for item in found["items"]] == [1.0] * 6
    assert [item["item"] for item in found["items"]] == ["0", "1", "4", "5", "7", "8"]


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


def test_a_job_for_a_set_that_is_not_there_is_refused_at_once(reader):
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/contamination?eval_set=none-1"
    refused = reader.get(url, headers={"Prefer": "respond-async"})
    assert (refused.status_code, list(refused.json())) == (400, ["eval_set"])
    assert not Job.objects.exists()


def test_what_takes_too_long_is_503_and_told_to_ask_for_a_job(reader, monkeypatch):
    monkeypatch.setattr(contamination, "SECONDS", -1)
    TraceFactory()
    refused = reader.get(
        f"/api/datasets/{DatasetFactory().key}/contamination?eval_set={asked(FERRY)}"
    )
    assert (refused.status_code, refused.json()) == (503, {"detail": contamination.TOO_LONG})
    assert "respond-async" in contamination.TOO_LONG


def test_the_same_asked_for_again_is_the_same_job(reader):
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/contamination?eval_set="
    asking = {"headers": {"Prefer": "respond-async"}}
    keys = [asked(FERRY), asked(BAKER)]
    first, again, other = (reader.get(url + key, **asking).json()["id"] for key in (keys[0], *keys))
    assert first == again != other
    Job.objects.filter(pk=first).update(state=State.SUCCEEDED)
    assert reader.get(url + keys[0], **asking).json()["id"] == first
    Job.objects.filter(pk=first).update(state=State.FAILED)
    assert reader.get(url + keys[0], **asking).json()["id"] not in (first, other)


def test_a_large_dataset_is_looked_through_by_a_job(reader, monkeypatch):
    key = asked(FERRY)
    TraceFactory.create_batch(2, prompt=FERRY)
    url = f"/api/datasets/{DatasetFactory().key}/contamination?eval_set={key}"
    found = reader.get(url).json()
    monkeypatch.setattr(tasks, "MOST_LOOKED_THROUGH", 1)
    accepted = reader.get(url)
    assert accepted.status_code == 202
    assert accepted.json()["kind"] == "contamination"
    work_off("builds")
    job = reader.get(accepted["Location"]).json()
    assert (job["state"], job["done"], job["total"]) == ("succeeded", 2, 2)
    assert job["result"] == found


@pytest.mark.django_db(transaction=True)
def test_a_dataset_that_is_deleted_meanwhile_is_not_said_to_be_clean(reader, curator):
    key = asked(FERRY)
    TraceFactory(prompt=FERRY)
    url = f"/api/datasets/{DatasetFactory(name='sums').key}"

    def delete_it():
        assert curator.delete(url).status_code == 204

    with just_before("SET TRANSACTION ISOLATION", lambda: elsewhere(delete_it)):
        refused = reader.get(f"{url}/contamination?eval_set={key}")
    assert (refused.status_code, refused.json()) == (404, {"detail": "Dataset sums-1 not found."})
