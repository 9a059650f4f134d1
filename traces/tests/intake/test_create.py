"""POST /api/traces."""

import gzip
import json
from datetime import datetime
from uuid import UUID

import pytest

from traces.models import Trace
from traces.tests.bodies import place, step, steps
from traces.tests.factories import BodyFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces"


def test_the_answer_is_the_stored_trace(writer):
    payload = {
        **BodyFactory(),
        "meta": {"source": "made_up", "nested": [1, None, True, 1.5, {"": "é😀"}]},
        "messages": [{"role": "user", "content": [{"type": "text"}], "name": "me"}],
    }
    body = {**payload, "external_id": "q-1", "tags": ["sums", "easy"]}
    response = writer.post(URL, body, format="json")
    assert response.status_code == 201
    trace = Trace.objects.get()
    assert trace.id.version == 7
    answer = response.json()
    assert datetime.fromisoformat(answer["created_at"]) == trace.created_at
    assert answer == {
        "id": str(trace.id),
        "created_at": answer["created_at"],
        "trace_version": "1.0",
        "source": "made_up",
        "external_id": "q-1",
        "status": "unreviewed",
        "tags": ["sums", "easy"],
        "content_hash": str(trace.content_hash),
        "prompt_hash": str(trace.prompt_hash),
        "step_count": 2,
        "payload": payload,
        "scores": [],
    }
    assert writer.get(f"{URL}/{trace.id}").json() == answer


def test_optional_fields_have_defaults(writer):
    answer = writer.post(URL, BodyFactory(), format="json").json()
    assert answer["payload"]["meta"] == {}
    assert "messages" not in answer["payload"]
    assert (answer["source"], answer["external_id"], answer["tags"]) == ("", None, [])


@pytest.mark.parametrize(("sent", "source"), [(None, ""), ({}, ""), ({"source": ""}, "")])
def test_without_a_source_it_is_empty(writer, sent, source):
    answer = writer.post(URL, BodyFactory(meta=sent), format="json").json()
    assert (answer["payload"]["meta"], answer["source"]) == (sent or {}, source)


def test_steps_are_stored_in_the_order_of_their_i(writer):
    shuffled = [step(i=i, content=f"step {i}") for i in (7, 0, 2**31 - 1, 3)]
    answer = writer.post(URL, BodyFactory(steps=shuffled), format="json").json()
    assert [found["i"] for found in answer["payload"]["steps"]] == [0, 3, 7, 2**31 - 1]
    assert answer["payload"]["steps"][1]["content"] == "step 3"


def test_white_space_is_content(writer):
    blank = " \t\r\n "
    body = BodyFactory(
        trace_version=blank,
        prompt=f"{blank}?{blank}",
        final_answer=blank,
        steps=[step(type=blank, content=blank)],
        external_id=blank,
        tags=[blank],
        meta={"source": blank},
    )
    answer = writer.post(URL, body, format="json").json()
    assert answer["payload"] == {key: body[key] for key in answer["payload"]}
    assert (answer["external_id"], answer["tags"], answer["source"]) == (blank, [blank], blank)


def test_the_same_content_again_is_another_sample(writer):
    body = BodyFactory()
    ids = {UUID(writer.post(URL, body, format="json").json()["id"]) for _ in range(2)}
    assert set(Trace.objects.values_list("id", flat=True)) == ids
    assert len(ids) == 2


def test_paths_end_with_a_slash_or_without(writer):
    assert writer.post(f"{URL}/", BodyFactory(), format="json").status_code == 201


def test_a_body_may_come_compressed(writer):
    raw = gzip.compress(json.dumps(BodyFactory()).encode())
    response = writer.post(
        URL, raw, content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert response.status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"trace_version": "v" * 64},
        {"prompt": "p"},
        {"prompt": "😀" * 50_000},
        {"final_answer": ""},
        {"final_answer": "é" * 50_000},
        {"steps": steps(1)},
        {"steps": steps(1_000)},
        {"steps": [step(i=2**31 - 1)]},
        {"steps": [step(type="😀" * 64)]},
        {"steps": [step(content="é" * 20_000)]},
        {"tags": []},
        {"tags": ["t" * 64] * 50},
        {"external_id": "e"},
        {"external_id": "😀" * 200},
        {"meta": {"source": "😀" * 128}},
        {"messages": []},
        {"messages": [{"role": "", "content": None}]},
    ],
)
def test_limits_may_be_reached(writer, changes):
    body = BodyFactory(**changes)
    response = writer.post(URL, body, format="json")
    assert response.status_code == 201
    stored = writer.get(f"{URL}/{response.json()['id']}").json()
    shown = {**stored, **stored["payload"]}
    assert {key: shown[key] for key in changes} == changes


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"trace_version": "v" * 65}, "trace_version"),
        ({"trace_version": ""}, "trace_version"),
        ({"trace_version": 1}, "trace_version"),
        ({"trace_version": None}, "trace_version"),
        ({"prompt": "p" * 50_001}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": True}, "prompt"),
        ({"prompt": ["p"]}, "prompt"),
        ({"prompt": "a\0b"}, "prompt"),
        ({"final_answer": "a" * 50_001}, "final_answer"),
        ({"final_answer": 4}, "final_answer"),
        ({"final_answer": None}, "final_answer"),
        ({"final_answer": "\ud800"}, "final_answer"),
        ({"steps": []}, "steps"),
        ({"steps": None}, "steps"),
        ({"steps": "think"}, "steps"),
        ({"steps": {"0": step()}}, "steps"),
        ({"steps": steps(1_001)}, "steps"),
        ({"steps": [step(), None]}, "steps.1.non_field_errors"),
        ({"steps": [step(), "think"]}, "steps.1.non_field_errors"),
        ({"steps": [step(i=-1)]}, "steps.0.i"),
        ({"steps": [step(i=2**31)]}, "steps.0.i"),
        ({"steps": [step(i="0")]}, "steps.0.i"),
        ({"steps": [step(i=False)]}, "steps.0.i"),
        ({"steps": [step(i=0.5)]}, "steps.0.i"),
        ({"steps": [step(i=None)]}, "steps.0.i"),
        ({"steps": [step(i=1), step(i=2), step(i=1)]}, "steps.2.i"),
        ({"steps": [{"type": "a", "content": "b"}]}, "steps.0.i"),
        ({"steps": steps(3, type="t" * 65)}, "steps.2.type"),
        ({"steps": steps(3, type="")}, "steps.2.type"),
        ({"steps": steps(3, type=5)}, "steps.2.type"),
        ({"steps": steps(999, content="c" * 20_001)}, "steps.998.content"),
        ({"steps": steps(3, content="")}, "steps.2.content"),
        ({"steps": steps(3, content="\0")}, "steps.2.content"),
        ({"steps": steps(3, why="?")}, "steps.2.why"),
        ({"steps": steps(3, **{"\ud800": "?"})}, r"steps.2.'\ud800'"),
        ({"meta": []}, "meta"),
        ({"meta": "source"}, "meta"),
        ({"meta": {"source": "s" * 129}}, "meta"),
        ({"meta": {"source": 5}}, "meta"),
        ({"meta": {"source": None}}, "meta"),
        ({"meta": {"a": ["\0"]}}, "meta"),
        ({"meta": {"a\0": 1}}, "meta"),
        ({"meta": {"\udfff": "\ud800"}}, "meta"),
        ({"meta": {"a": 2**63}}, "meta"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "e" * 201}, "external_id"),
        ({"external_id": 5}, "external_id"),
        ({"external_id": None}, "external_id"),
        ({"tags": ["t"] * 51}, "tags"),
        ({"tags": None}, "tags"),
        ({"tags": "sums"}, "tags"),
        ({"tags": ["a", "t" * 65]}, "tags.1"),
        ({"tags": ["a", ""]}, "tags.1"),
        ({"tags": ["a", 1]}, "tags.1"),
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": [{"role": "user", "content": ""}, {"role": "user"}]}, "messages.1"),
        ({"messages": [{"role": 1, "content": ""}]}, "messages.0"),
        ({"messages": [[]]}, "messages.0"),
        ({"messages": [{"role": "user", "content": ["\0"], "\ud800": 1}]}, "messages.0"),
        ({"id": "01890000-0000-7000-8000-000000000000"}, "id"),
        ({"status": "approved"}, "status"),
        ({"\ud800": 1}, r"'\ud800'"),
    ],
)
def test_what_is_refused_names_its_place(writer, changes, where):
    raw = json.dumps(BodyFactory(**changes))
    response = writer.post(URL, raw, content_type="application/json")
    assert response.status_code == 400
    assert place(response.json()) == where
    assert not Trace.objects.exists()
