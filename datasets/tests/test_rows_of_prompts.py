"""`grpo`: a row a prompt, with the reference that its traces agree on."""

import json

import pytest

from datasets.formats.counted import counted
from datasets.tests.exporting import export, rows, table, url_of
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def made(prompt, reference, **fields):
    meta = {"source": "s"} if reference is None else {"source": "s", "reference_answer": reference}
    return TraceFactory(prompt=prompt, meta=meta, **fields)


def counts_of(reader, dataset, **query):
    answer = reader.get(f"/api/datasets/{dataset.key}/formats/grpo", query).json()
    return answer["row_count"], answer["left_out"]


def test_a_row_says_what_is_asked_and_the_answer(reader):
    made("What is 2+2?", "4")
    first = made("what  is 2+2? ", " 4\n")
    (row,) = rows(export(reader, DatasetFactory(), "grpo"))
    metadata = json.loads(row.pop("metadata"))
    assert row == {
        "prompt": [{"role": "user", "content": "what  is 2+2? "}],
        "prompt_text": "<start_of_turn>user\nwhat  is 2+2? <end_of_turn>\n<start_of_turn>model\n",
        "question": "what  is 2+2? ",
        "answer": "4",
    }
    assert (metadata["source_trace_id"], metadata["attempts"]) == (str(first.id), 2)


def test_prompts_come_in_the_order_of_their_first_traces(reader):
    for number in (3, 1, 2, 1, 3, 2, 2):
        made(f"Question {number}?", number)
    dataset = DatasetFactory()
    found = rows(export(reader, dataset, "grpo"))
    assert [row["answer"] for row in found] == ["2", "3", "1"]
    for after in range(4):
        assert rows(export(reader, dataset, "grpo", after=after)) == found[after:]
    assert reader.get(url_of(dataset, "grpo") + "&after=4").status_code == 400
    parquet = export(reader, dataset, "grpo", route="parquet")
    assert rows(parquet) == found
    assert table(parquet).schema.metadata[b"format_version"] == b"2"


SHOWN = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}
CALLED = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {}}]}


def test_prompts_without_one_reference_are_left_out_and_counted(reader):
    made("both", "4")
    made("both", "5")
    made("none", None)
    made("empty", "  ")
    made("an object", {"a": 1})
    made("media", "1", messages=[SHOWN])
    made("tools", "1", messages=[SHOWN | {"content": "x"}, CALLED])
    made("tools", "1", messages=[SHOWN | {"content": "x"}, CALLED])
    made("some can be said", "7")
    made("some can be said", "7", messages=[SHOWN])
    made("one has none", "8")
    made("one has none", None)
    dataset = DatasetFactory()
    left_out = {"tools": 1, "media": 1, "no_reference": 3, "several_references": 1}
    assert counts_of(reader, dataset) == (2, left_out)
    response = reader.get(url_of(dataset, "grpo"))
    assert response["X-Row-Count"] == "2"
    assert response["X-Rows-Left-Out"] == (
        "6; tools=1, media=1, no_reference=3, several_references=1"
    )
    found = rows(response.getvalue())
    assert [(row["question"], row["answer"]) for row in found] == [
        *[("one has none", "8"), ("some can be said", "7")]
    ]
    assert [json.loads(row["metadata"])["attempts"] for row in found] == [2, 2]


def test_words_that_say_that_there_is_no_answer_are_none(reader):
    for number, nothing in enumerate(("N/A", "not found", r"\text{no answer}")):
        made(f"none {number}", nothing)
    made("one knows it", "4")
    made("one knows it", "n/a")
    dataset = DatasetFactory()
    assert counts_of(reader, dataset) == (1, {"no_reference": 3})
    assert [row["answer"] for row in rows(export(reader, dataset, "grpo"))] == ["4"]


def test_a_conversation_is_asked_in_its_own_roles(reader):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "2+2?"},
    ]
    made("User: ...", "4", messages=messages)
    (row,) = rows(export(reader, DatasetFactory(), "grpo"))
    assert row["prompt"] == messages
    assert row["prompt_text"] == (
        "<start_of_turn>user\nBe brief.\n\n1+1?<end_of_turn>\n"
        "<start_of_turn>model\n2<end_of_turn>\n"
        "<start_of_turn>user\n2+2?<end_of_turn>\n<start_of_turn>model\n"
    )


def test_prompts_are_counted_once(reader, django_assert_num_queries):
    made("What?", "4")
    dataset = SplitDatasetFactory()
    reader.get("/api/datasets")  # so that the key is known
    for query in ({}, {"split": "train"}, {"metadata": "none"}):
        before = counts_of(reader, dataset, **query)
        with django_assert_num_queries(1):  # the dataset's own
            assert counts_of(reader, dataset, **query) == before
    assert counted.cache_info().maxsize


def test_many_prompts_are_not_compared_each_with_each(reader):
    """The plan for rows along an index would take minutes for these."""
    traces = [
        TraceFactory.build(prompt=f"Question {n}?", meta={"reference_answer": "1"})
        for n in range(4_000)
    ]
    Trace.objects.bulk_create(traces)
    dataset = DatasetFactory()
    assert len(rows(export(reader, dataset, "grpo"))) == 4_000
