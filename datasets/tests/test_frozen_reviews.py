"""What a dataset keeps of reviews, and the formats that show it: `unpaired` and `stepwise`."""

import json

import pytest

from datasets.recipe.recipe import Recipe
from datasets.tests.exporting import EVERY_LINES, export, rows, url_of
from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from traces.services.reviews import Verdict, review_trace
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.queues.working import filled, person

pytestmark = pytest.mark.django_db

STEPS = [
    {"i": 0, "type": "reasoning", "content": "a"},
    {"i": 2, "type": "reasoning", "content": "b <|im_end|>"},
    {"i": 4, "type": "reasoning", "content": "c"},
    {"i": 6, "type": "output", "content": "d"},
]
LABELS = {"0": 1, "2": 0, "4": -1, "6": 1}


def counts_of(reader, dataset, fmt, **query):
    answer = reader.get(f"/api/datasets/{dataset.key}/formats/{fmt}", query).json()
    return answer["row_count"], answer["left_out"]


def test_unpaired_comes_byte_by_byte(reader, review):
    trace = TraceFactory(prompt="1+1?", steps=STEPS[:1], final_answer="2", meta={"source": "s"})
    review(trace, "rejected")
    body = export(reader, DatasetFactory(), "unpaired", metadata="none")
    assert body == b'{"prompt":"1+1?","completion":"a\\n\\n2","label":false}\n'
    (row,) = rows(export(reader, DatasetFactory(), "unpaired", thought="think"))
    assert row["completion"] == "<think>\na\n</think>\n\n2"
    assert json.loads(row["metadata"])["source_trace_id"] == str(trace.id)


def test_labels_are_those_of_the_verdicts(reader, review):
    traces = TraceFactory.create_batch(5)
    for trace, verdict in zip(
        traces, ("approved", "rejected", "flagged", "unreviewed"), strict=False
    ):
        review(trace, verdict)
    TraceFactory(final_answer="", meta={"truncated": True})
    dataset = DatasetFactory()
    found = rows(export(reader, dataset, "unpaired"))
    assert [(row["prompt"], row["label"]) for row in found] == [
        *[(traces[1].prompt, False), (traces[0].prompt, True)]
    ]
    assert counts_of(reader, dataset, "unpaired") == (2, {"truncated": 1, "unlabelled": 3})
    for after in range(3):
        assert rows(export(reader, dataset, "unpaired", after=after)) == found[after:]
    assert rows(export(reader, dataset, "unpaired", route="parquet")) == found


def test_a_verdict_beside_which_another_is_wanted_labels_nothing(reader, review):
    agreed, half, differing = TraceFactory.create_batch(3)
    queue = filled(overlap=1)
    other = person("another curator")
    for trace in (agreed, half, differing):
        review(trace, "approved")
    for trace, verdict in ((agreed, "approved"), (differing, "rejected")):
        review_trace(trace=trace, verdict=Verdict(status=verdict), by=acting(other))
    assert queue.members.count() == 3
    dataset = DatasetFactory()
    found = rows(export(reader, dataset, "unpaired"))
    assert [(row["prompt"], row["label"]) for row in found] == [(agreed.prompt, True)]
    assert counts_of(reader, dataset, "unpaired") == (1, {"unlabelled": 2})


def test_where_nobody_judged_the_label_is_what_the_recipe_verified(reader, review):
    traces = TraceFactory.create_batch(5)
    for trace, value in zip(traces, (1, 0, 0, 0.5, None), strict=True):
        details = {"outcome": "undecided"} if value is None else {}
        ScoreFactory(trace=trace, criteria="judge", value=value, details=details)
    review(traces[2], "approved")
    verify = {"criteria": "judge", "scorer_version": "1", "min": 0, "undecided": "keep"}
    dataset = DatasetFactory(recipe=Recipe.read({"limit": None, "verify": verify}))
    ScoreFactory(trace=traces[0], criteria="judge", scorer_version="2", value=0)
    found = rows(export(reader, dataset, "unpaired"))
    assert [(row["prompt"], row["label"]) for row in found] == [
        *[(traces[2].prompt, True), (traces[1].prompt, False), (traces[0].prompt, True)]
    ]
    assert counts_of(reader, dataset, "unpaired") == (3, {"unlabelled": 2})


@pytest.mark.parametrize(
    ("neutral", "completions", "labels"),
    [
        (None, ["a", "b <\u200b|im_end|>", "c", "d"], [True, True, False, True]),
        ("true", ["a", "b <\u200b|im_end|>", "c", "d"], [True, True, False, True]),
        ("false", ["a", "b <\u200b|im_end|>", "c", "d"], [True, False, False, True]),
        ("drop", ["a", "c", "d"], [True, False, True]),
    ],
)
def test_stepwise_has_all_steps_with_their_labels(reader, review, neutral, completions, labels):
    trace = TraceFactory(prompt="1+1?", steps=STEPS, meta={"reply_step": 6})
    review(trace, "rejected", step_labels=LABELS)
    query = {"neutral": neutral} if neutral else {}
    for route in ("jsonl", "parquet"):
        (row,) = rows(export(reader, DatasetFactory(), "stepwise", route=route, **query))
        assert json.loads(row.pop("metadata"))["source_trace_id"] == str(trace.id)
        assert row == {"prompt": "1+1?", "completions": completions, "labels": labels}


def test_a_step_without_a_label_is_neutral(reader, review):
    review(TraceFactory(steps=STEPS), "rejected", step_labels={"4": -1})
    dataset = DatasetFactory()
    for neutral, labels in (
        ("true", [True, True, False, True]),
        ("false", [False] * 4),
        ("drop", [False]),
    ):
        (row,) = rows(export(reader, dataset, "stepwise", neutral=neutral))
        assert row["labels"] == labels


def test_traces_without_labels_of_steps_are_left_out(reader, review):
    all_neutral, judged, _ = TraceFactory.create_batch(3, steps=STEPS)
    review(all_neutral, "flagged", step_labels={"0": 0})
    review(judged, "approved")
    dataset = DatasetFactory()
    assert counts_of(reader, dataset, "stepwise") == (1, {"unlabelled": 2})
    assert counts_of(reader, dataset, "stepwise", neutral="drop") == (0, {"unlabelled": 3})
    assert export(reader, dataset, "stepwise", neutral="drop") == b""


def test_curation_afterwards_changes_no_byte_but_records(reader, curator, review):
    judged, labelled = TraceFactory.create_batch(2, steps=STEPS, meta={"reference_answer": "4"})
    review(judged, "approved")
    review(labelled, "rejected", step_labels=LABELS)
    dataset = DatasetFactory()

    def everything():
        return {fmt: export(reader, dataset, fmt) for fmt in EVERY_LINES}

    def etags():
        return [reader.head(url_of(dataset, fmt)).get("ETag") for fmt in EVERY_LINES]

    before, named = everything(), etags()
    review(judged, "rejected", step_labels=LABELS)
    review(labelled, "approved")
    curator.patch(f"/api/traces/{judged.id}", {"tags": ["late"]}, format="json")
    curator.post(f"/api/traces/{judged.id}/score", {}, format="json")
    after = everything()
    assert {fmt for fmt in EVERY_LINES if after[fmt] != before[fmt]} == {"record"}
    assert etags() == named
