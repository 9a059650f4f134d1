"""POST /api/evalsets/from-dataset: a split becomes an evaluation set."""

import json

import pytest
from django.utils import timezone

from datasets.models import Dataset
from datasets.services import hold_out
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from evalsets.models import EvalItem, EvalSet
from evalsets.tests.factories import EvalSetFactory
from traces.document import MAX_ANSWER_CHARS
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

BODY = {"name": "held out", "version": "1", "key": "sums-1", "split": "validation"}


def sums(count, **meta):
    return [
        TraceFactory(prompt=f"{n}+1?", meta={"reference_answer": str(n + 1), **meta})
        for n in range(count)
    ]


def post(client, **changes):
    return client.post("/api/evalsets/from-dataset", {**BODY, **changes}, format="json")


def lines(client, key="held_out-1"):
    body = client.get(f"/api/evalsets/{key}/items.jsonl").getvalue()
    return [json.loads(line) for line in body.splitlines()]


def test_the_prompts_of_a_split_become_items_in_order(curator):
    sums(20, category="addition", difficulty=1)
    dataset = SplitDatasetFactory(name="sums")
    answer = post(curator)
    assert answer.status_code == 201
    traces = [
        item.trace for item in dataset.items.filter(split="validation").select_related("trace")
    ]
    assert 0 < len(traces) < 20
    assert lines(curator) == [
        {
            "id": str(trace.prompt_hash),
            "prompt": trace.prompt,
            "expected_answer": trace.meta["reference_answer"],
            "category": "addition",
            "difficulty": "1",
        }
        for trace in traces
    ]
    evalset = EvalSet.objects.get()
    assert answer.json() == {
        "key": "held_out-1",
        "digest": evalset.digest,
        "item_count": len(traces),
        "left_out": {},
    }
    shown = curator.get("/api/evalsets/held_out-1").json()
    assert (shown["parent"], shown["parent_split"]) == ("sums-1", "validation")
    again = post(curator)
    assert (again.status_code, again.json()) == (200, answer.json())


def test_attempts_at_a_prompt_are_one_item_of_their_reference(curator):
    for answer, reference in (("4", "4"), ("5", " 4\n"), ("4", "4")):
        TraceFactory(prompt="2+2?", final_answer=answer, meta={"reference_answer": reference})
    TraceFactory(prompt="2  +2?", meta={})
    TraceFactory(prompt="2+2?", meta={})  # of which nobody knows it
    TraceFactory(prompt="3+3?", meta={"reference_answer": 6})
    for reference in ("1", "2"):
        TraceFactory(prompt="which?", meta={"reference_answer": reference})
    for number, nothing in enumerate(("", " ", None, ["7"], True, "N/A", "not found")):
        TraceFactory(prompt=f"none {number}?", meta={"reference_answer": nothing})
    DatasetFactory(name="sums")
    answer = post(curator, split=None).json()
    assert answer["left_out"] == {"no_reference": 8, "several_references": 1}
    asked = {(item["prompt"], item["expected_answer"]) for item in lines(curator)}
    assert asked == {("2+2?", "4"), ("3+3?", "6")}


def test_a_question_is_held_out_without_what_the_system_says(curator):
    """So its id is its hash, and its set finds it by that."""
    told = ["Be brief.", "Be  longer.", "", "Mind the carry."]
    for n, system in enumerate(told):
        asking = {"role": "user", "content": f"{n}+1?"}
        TraceFactory(
            prompt="\n\n".join(filter(None, [system, asking["content"]])),
            messages=[{"role": "developer", "content": system}, asking],
            meta={"reference_answer": str(n + 1)},
        )
    TraceFactory(  # nothing else is asked
        prompt="Say 5.",
        messages=[{"role": "system", "content": "Say 5."}],
        meta={"reference_answer": "5"},
    )
    DatasetFactory(name="sums")
    assert post(curator, split=None).status_code == 201
    assert {item["prompt"] for item in lines(curator)} == {"0+1?", "1+1?", "2+1?", "3+1?", "Say 5."}
    assert {(str(item.prompt_hash), item.item_id) for item in EvalItem.objects.all()} == {
        (str(trace.prompt_hash), str(trace.prompt_hash)) for trace in Trace.objects.all()
    }
    other = TraceFactory()
    against = {"against": [{"eval_set": "held_out-1", "match": "exact"}]}
    dataset = DatasetFactory(recipe__decontaminate=against)
    assert [item.trace_id for item in dataset.items.all()] == [other.id]


def test_what_is_made_can_be_sent_again(curator):
    """No answer is longer than an item's may be."""
    for prompt, size in (("longest?", MAX_ANSWER_CHARS), ("too long?", MAX_ANSWER_CHARS + 1)):
        TraceFactory(prompt=prompt, meta={"reference_answer": "x" * size})
    DatasetFactory(name="sums")
    answer = post(curator, split=None).json()
    assert answer["left_out"] == {"long_reference": 1}
    body = curator.get("/api/evalsets/held_out-1/items.jsonl").getvalue()
    again = curator.post(
        "/api/evalsets?name=again&version=1", body, content_type="application/x-ndjson"
    )
    assert (again.status_code, again.json()["digest"]) == (201, answer["digest"])


def test_the_same_traces_give_the_same_digest_wherever_they_are(curator):
    sums(10)
    SplitDatasetFactory(name="sums")
    one = post(curator).json()
    assert curator.delete("/api/datasets/sums-1").status_code == 204
    SplitDatasetFactory(name="others")
    other = post(curator, name="other", key="others-1").json()
    assert one["digest"] == other["digest"]


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"key": "nobody-1"}, {"key": ["There is no dataset nobody-1."]}),
        ({"split": "test"}, {"split": ["Unknown split; this dataset's: train, validation."]}),
        ({"name": "from", "version": "dataset"}, None),
    ],
)
def test_what_is_wrong_is_named_and_nothing_stored(curator, change, errors):
    sums(10)
    SplitDatasetFactory(name="sums")
    refused = post(curator, **change)
    assert refused.status_code == 400
    assert errors is None or refused.json() == errors
    assert not EvalSet.objects.exists()


def test_a_split_without_references_is_refused_with_the_reason(curator):
    TraceFactory.create_batch(3)
    DatasetFactory(name="sums")
    refused = post(curator, split=None)
    assert refused.status_code == 400
    told = ["None of its prompts has one reference answer: no_reference=3."]
    assert refused.json() == {"key": told}  # which was sent
    SplitDatasetFactory(name="parted")
    assert list(post(curator, key="parted-1").json()) == ["split"]
    assert not EvalSet.objects.exists()


def test_more_prompts_than_a_set_may_have_are_refused(curator, monkeypatch):
    monkeypatch.setattr(hold_out, "MAX_ITEMS", 2)
    sums(3)
    DatasetFactory(name="sums")
    assert post(curator, split=None).json() == {"key": ["It has more than 2 prompts."]}


def test_a_set_stays_while_a_dataset_was_built_without_it(curator):
    for name in ("named", "free"):
        EvalSetFactory(name=name)
    against = [{"eval_set": "other-1"}, {"eval_set": "named-1"}]
    recipe = {"decontaminate": {"against": against}}
    Dataset.objects.bulk_create([Dataset(key="mix-1", name="mix", version="1", recipe=recipe)])
    refused = curator.delete("/api/evalsets/named-1")
    assert (refused.status_code, refused.json()) == (409, {"detail": "named-1 is named by: mix-1."})
    assert curator.delete("/api/evalsets/free-1").status_code == 204
    Dataset.objects.update(deleted_at=timezone.now())
    assert curator.delete("/api/evalsets/named-1").status_code == 204


def test_deleting_the_dataset_leaves_the_set(curator):
    sums(3)
    DatasetFactory(name="sums")
    post(curator, split=None)
    assert curator.delete("/api/datasets/sums-1").status_code == 204
    assert len(lines(curator)) == 3
