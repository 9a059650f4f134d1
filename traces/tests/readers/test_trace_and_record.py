"""Trace documents, and the lines of our own `record` export."""

import pytest

from traces.models import Status
from traces.readers import record, trace
from traces.tests.readers.reading import only, refusal, without
from tunix_site.strict_json import Refused

STEPS = [{"i": 7, "type": " t ", "content": " \n"}, {"i": 3, "type": "u", "content": "x"}]
BODY = {"trace_version": "v 1", "prompt": " p ", "final_answer": "", "steps": STEPS}
SCORE = {"criteria": "c", "scorer_version": "2", "value": 0.5, "details": {"a": 1}}
LINE = {
    **BODY,
    "meta": {"source": "s", "n": 2**62},
    "external_id": "e1",
    "messages": [{"role": "user", "content": None}],
    "id": "0197",
    "created_at": "2026-01-31T12:00:00.000000Z",
    "status": "approved",
    "tags": ["b", "a"],
    "scores": [{**SCORE, "created_at": "2026-01-31T12:00:00.000000Z"}],
    "split": "",
}


def test_a_trace_is_itself():
    draft = only(trace.read({**BODY, "meta": {"a": 1}, "tags": ["t"], "messages": []}))
    assert (draft.trace_version, draft.prompt, draft.final_answer) == ("v 1", " p ", "")
    assert draft.steps == [(" t ", " \n"), ("u", "x")]
    assert draft.indexes == [7, 3]
    assert (draft.meta, draft.tags, draft.messages) == ({"a": 1}, ["t"], [])
    assert (draft.record, draft.notes, draft.external_id) == ({}, {}, None)


@pytest.mark.parametrize("meta", [{}, {"meta": None}, {"meta": {}}])
def test_meta_may_be_missing(meta):
    assert only(trace.read({**BODY, **meta})).meta == {}


def test_a_record_is_the_trace_and_what_stands_beside_it():
    draft = only(record.read(LINE))
    assert (draft.meta, draft.indexes, draft.tags) == (LINE["meta"], [7, 3], ["b", "a"])
    assert draft.messages == LINE["messages"]
    assert (draft.external_id, draft.status, draft.scores) == ("e1", "approved", [SCORE])


def test_a_record_without_an_external_id_goes_by_its_id():
    assert only(record.read(without(LINE, "external_id"))).external_id == "0197"


def test_unreviewed_is_no_verdict():
    assert only(record.read({**LINE, "status": "unreviewed"})).status is None
    assert only(record.read(without(LINE, "status", "scores"))).scores == []
    assert set(record.STATUSES) == set(Status.values)


def test_a_score_may_be_undecided():
    undecided = {**SCORE, "value": None, "details": {"outcome": "undecided"}}
    assert only(record.read({**LINE, "scores": [undecided]})).scores == [undecided]


@pytest.mark.parametrize("name", ["trace_version", "prompt", "final_answer", "steps"])
def test_fields_are_required(name):
    for reader, line in ((trace, BODY), (record, LINE)):
        assert refusal(reader, without(line, name)) == (name, "This field is required.")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": 5}, "prompt"),
        ({"prompt": Refused("No.")}, "prompt"),
        ({"steps": {}}, "steps"),
        ({"steps": [None]}, "steps[0]"),
        ({"steps": [{"i": 0, "type": "t"}]}, "steps[0]"),
        ({"steps": [{**STEPS[0], "more": 1}]}, "steps[0]"),
        ({"steps": [STEPS[0], {**STEPS[1], "content": 1}]}, "steps[1].content"),
        ({"steps": [{**STEPS[0], "i": True}]}, "steps[0].i"),
        ({"steps": [{**STEPS[0], "i": 1.0}]}, "steps[0].i"),
        ({"meta": []}, "meta"),
        ({"tags": [1]}, "tags[0]"),
        ({"messages": "x"}, "messages"),
        ({"external_id": 1}, "external_id"),
        ({"unknown": 1}, "unknown"),
        ({"": 1}, '""'),
        ({"\ud800": 1}, "'\\ud800'"),
        ({"x" * 1_000_000: 1}, "x" * 64),
    ],
)
def test_wrong_fields_are_named(change, field):
    for reader, line in ((trace, BODY), (record, LINE)):
        assert refusal(reader, {**line, **change})[0] == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "good"}, "status"),
        ({"status": 1}, "status"),
        ({"scores": {}}, "scores"),
        ({"scores": [1]}, "scores[0]"),
        ({"scores": [{**SCORE, "value": True}]}, "scores[0].value"),
        ({"scores": [{**SCORE, "value": None}]}, "scores[0].value"),
        ({"scores": [{**SCORE, "value": 10**400}]}, "scores[0].value"),
        ({"scores": [{**SCORE, "value": float("nan")}]}, "scores[0].value"),
        ({"scores": [{**SCORE, "criteria": "c" * 65}]}, "scores[0].criteria"),
        ({"scores": [{**SCORE, "scorer_version": ""}]}, "scores[0].scorer_version"),
        ({"scores": [{**SCORE, "details": 1}]}, "scores[0].details"),
        ({"scores": [{**SCORE, "details": {"a": ["\0"]}}]}, "scores[0].details.a[0]"),
        ({"scores": [{**SCORE, "details": {"a": "\ud800"}}]}, "scores[0].details.a"),
        ({"scores": [{**SCORE, "details": {"a": Refused("no")}}]}, "scores[0].details.a"),
        ({"scores": [{**SCORE, "criteria": "a\0b"}]}, "scores[0].criteria"),
        ({"scores": [{**SCORE, "scorer_version": "\ud800"}]}, "scores[0].scorer_version"),
        ({"scores": [SCORE, SCORE]}, "scores[1]"),
        ({"scores": [{**SCORE, "criteria": str(n)} for n in range(1001)]}, "scores"),
    ],
)
def test_what_stands_beside_is_checked_too(change, field):
    assert refusal(record, {**LINE, **change})[0] == field


def test_a_trace_has_no_fields_of_a_record():
    assert refusal(trace, LINE)[0] == "id"
