"""Evaluation sets by the client, on the real web server and a worker."""

import pytest

from datasets.tests.factories import DatasetFactory
from traces.tests.factories import TraceFactory
from tunix_rt import Conflict, Invalid, NotFound

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def items(count):
    return (
        {"id": str(n), "prompt": f"{n}+1?", "expected_answer": str(n + 1)} for n in range(count)
    )


def test_a_set_is_made_of_any_number_of_items_and_read(client):
    made = client.evalsets.create("sums", "1", items(3_000), answer_type="number")
    assert (made["key"], made["item_count"]) == ("sums-1", 3_000)
    assert client.evalsets.create("sums", "1", items(3_000), answer_type="number") == made
    evalset = client.evalsets.get("sums-1")
    assert (evalset["digest"], evalset["answer_type"]) == (made["digest"], "number")
    assert list(client.evalsets.items("sums-1")) == list(items(3_000))


def test_what_is_bad_is_refused(client):
    client.evalsets.create("sums", "1", items(2))
    with pytest.raises(Conflict, match="different: items"):
        client.evalsets.create("sums", "1", items(3))
    with pytest.raises(Invalid, match="Nothing was stored"):
        client.evalsets.create("sums", "2", [*items(2), *items(1)])
    assert [row["key"] for row in client.evalsets.list()] == ["sums-1"]


def test_a_dataset_becomes_one(client):
    TraceFactory(prompt="2+2?", meta={"reference_answer": "4"})
    TraceFactory(prompt="what?")
    DatasetFactory(name="mixed")
    made = client.evalsets.from_dataset("held out", "1", "mixed-1")
    assert made["left_out"] == {"no_reference": 1}
    [item] = client.evalsets.items(made["key"])
    assert (item["prompt"], item["expected_answer"]) == ("2+2?", "4")


def test_sets_are_deleted(client):
    client.evalsets.create("sums", "1", items(1))
    client.evalsets.delete("sums-1")
    assert list(client.evalsets.list()) == []
    with pytest.raises(NotFound):
        client.evalsets.get("sums-1")


def test_what_of_a_set_stands_among_traces_is_found_and_left_out(client):
    question = "A ferry carries 120 cars and 35 trucks. How many wheels do its vehicles have?"
    trace = str(TraceFactory(prompt=question.upper()).id)
    TraceFactory()
    item = {"id": "ferry", "prompt": question, "expected_answer": "690"}
    key = client.evalsets.create("asked", "1", [item])["key"]
    client.datasets.build("all", "1", limit=None)
    found = client.datasets.contamination("all-1", key)
    assert [(item["item"], item["traces"]) for item in found["items"]] == [("ferry", [trace])]

    recipe: dict = {"decontaminate": {"against": [{"eval_set": key}]}}
    (removed,) = client.datasets.preview(**recipe)["samples"]["decontaminate"]
    assert (removed["trace"], removed["because"]["item"]) == (trace, "ferry")
    client.datasets.build("clean", "1", **recipe)
    told = client.datasets.why("clean-1", trace)
    assert (told["in"], told["reason"], told["evidence"]["item"]) == (
        False,
        "contaminated",
        "ferry",
    )
