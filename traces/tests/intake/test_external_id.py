"""A trace with an external_id is stored once, however often it is sent."""

import pytest

from traces.models import Trace
from traces.tests.factories import BodyFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces"
BATCH = f"{URL}/batch"


def post(client, body, url=URL):
    return client.post(url, body, format="json")


def test_the_same_content_exists_already(writer):
    body = BodyFactory(external_id="q-1")
    answers = [post(writer, body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert Trace.objects.count() == 1


def test_only_what_was_asked_and_said_is_the_content(writer):
    body = BodyFactory(external_id="q-1", tags=["a"])
    first = post(writer, body).json()
    shifted = [{**step, "i": step["i"] + 10} for step in reversed(body["steps"])]
    changed = {**body, "steps": shifted, "tags": ["b"], "meta": {"n": 1}, "trace_version": "2"}
    again = post(writer, changed)
    assert again.status_code == 200
    assert again.json() == first


@pytest.mark.parametrize("changed", ["prompt", "final_answer", "steps"])
def test_other_content_is_a_conflict(writer, changed):
    body = BodyFactory(external_id="q-1")
    first = post(writer, body).json()
    response = post(writer, {**body, changed: BodyFactory()[changed]})
    assert response.status_code == 409
    assert response.json() == {"detail": "An external_id is taken by a trace with other content."}
    assert str(Trace.objects.get().id) == first["id"]


def test_another_source_has_ids_of_its_own(writer):
    for meta in (None, {"source": "a"}, {"source": "A"}, {"source": "a "}):
        assert post(writer, BodyFactory(external_id="q-1", meta=meta)).status_code == 201
    assert post(writer, BodyFactory(external_id="q-1", meta={"source": ""})).status_code == 409


def test_the_id_of_a_deleted_trace_is_free(writer):
    body = BodyFactory(external_id="q-1")
    post(writer, body)
    Trace.objects.all().delete()
    assert post(writer, body).status_code == 201


def test_the_first_of_a_batch_wins(writer):
    bodies = [BodyFactory(external_id="q-1"), BodyFactory(), BodyFactory(external_id="q-1")]
    refused = post(writer, bodies, BATCH)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["index"] == 2
    assert not Trace.objects.exists()

    stored = post(writer, bodies, f"{BATCH}?on_error=skip").json()
    assert [entry and entry["outcome"] for entry in stored["traces"]] == ["created"] * 2 + [None]
    assert Trace.objects.get(external_id="q-1").prompt == bodies[0]["prompt"]


def test_the_same_twice_in_a_batch_is_one_trace(writer):
    body = BodyFactory(external_id="q-1")
    answer = post(writer, [body, BodyFactory(), body, body], BATCH).json()
    outcomes = [entry["outcome"] for entry in answer["traces"]]
    assert outcomes == ["created", "created", "exists", "exists"]
    assert (answer["created_count"], answer["existing_count"]) == (2, 2)
    assert len({entry["id"] for entry in answer["traces"]}) == 2
    assert Trace.objects.count() == 2


def test_a_bad_item_leaves_its_id_to_the_next(writer):
    bodies = [BodyFactory(external_id="q-1", prompt=""), BodyFactory(external_id="q-1")]
    answer = post(writer, bodies, f"{BATCH}?on_error=skip").json()
    assert [entry and entry["outcome"] for entry in answer["traces"]] == [None, "created"]


def test_a_batch_shows_what_is_stored_of_those_that_exist(writer):
    stored = post(writer, BodyFactory(external_id="q-1", prompt="p", trace_version="1")).json()
    body = BodyFactory(external_id="q-1", trace_version="2", **_content(stored))
    entry = post(writer, [body], BATCH).json()["traces"][0]
    assert entry == {
        "id": stored["id"],
        "created_at": stored["created_at"],
        "trace_version": "1",
        "outcome": "exists",
    }


def _content(stored: dict) -> dict:
    return {key: stored["payload"][key] for key in ("prompt", "final_answer", "steps")}
