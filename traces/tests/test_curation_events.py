"""What is done to traces is told: a row for one, a row for many, and nothing of what they say."""

import pytest

from events.models import Event
from jobs.tests.working import work_off
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def trace() -> Trace:
    return TraceFactory(prompt="a secret prompt", meta={"source": "gsm8k"})


def told(**fields) -> list[tuple]:
    events = Event.objects.filter(**fields).order_by("id")
    return [(event.action, event.before, event.after) for event in events]


def test_a_review_tags_a_score_and_the_deletion_of_a_trace(curator, trace):
    url = f"/api/traces/{trace.pk}"
    verdict = {"verdict": "flagged", "note": "a secret note"}
    review = curator.post(f"{url}/reviews", verdict, format="json").json()
    curator.patch(url, {"status": "approved", "tags": ["sums"]}, format="json")
    score = curator.post(f"{url}/score", {"criteria": "baseline"}, format="json").json()
    assert curator.delete(url).status_code == 204
    before = {"source": "gsm8k", "external_id": None, "status": "approved", "tags": ["sums"]}
    one, two = told(action="review", object_id=str(trace.pk))
    assert one == (
        "review",
        {"status": "unreviewed"},
        {"status": "flagged", "review": review["id"]},
    )
    assert two[1:] == ({"status": "flagged"}, {"status": "approved", "review": review["id"] + 1})
    assert told(object_id=str(trace.pk))[2:] == [
        ("tag", {"tags": []}, {"tags": ["sums"]}),
        ("score", None, {"criteria": "baseline", "version": "1", "value": score["score"]}),
        ("delete", before, None),
    ]
    rows = list(Event.objects.values())
    assert {(row["actor_name"], row["key_name"], row["through"]) for row in rows} == {
        ("a curator", "test", "api")
    }
    assert "secret" not in str(rows)


def test_what_changes_nothing_or_is_refused_is_not_told(curator, trace):
    url = f"/api/traces/{trace.pk}"
    curator.patch(url, {"status": "unreviewed", "tags": []}, format="json")
    stale = {"verdict": "approved", "expected_status": "flagged"}
    assert curator.post(f"{url}/reviews", stale, format="json").status_code == 409
    body = {"dataset_name": "sums", "dataset_version": "1"}
    assert curator.post("/api/datasets/build", body, format="json").status_code == 201
    assert curator.delete(url).status_code == 409
    assert told(object_type="trace") == []


def test_a_batch_of_scores_is_one_row(curator):
    traces = TraceFactory.create_batch(3)
    scores = [{"trace": str(one.pk), "criteria": "judge", "value": 0.5} for one in traces]
    assert curator.post("/api/scores/batch", scores, format="json").status_code == 201
    event = Event.objects.get()
    assert (event.action, event.count, event.after) == ("score", 3, {"criteria": ["judge"]})
    assert event.object_id == ""


def test_a_change_of_many_is_one_row_that_says_where_the_old_values_are(curator):
    TraceFactory.create_batch(3, meta={"source": "gsm8k"})
    TraceFactory()
    where = {"source": "gsm8k"}
    body = {"where": where, "set": {"status": "rejected", "add_tags": ["old"]}}
    job = curator.post("/api/traces/bulk", body, format="json").json()
    work_off("bulk")
    event = Event.objects.get(object_type="trace")
    assert (event.action, event.through, event.actor_name) == ("change", "worker", "a curator")
    assert (event.count, event.where) == (3, where)
    assert event.after == {"status": "rejected", "add_tags": ["old"], "remove_tags": []}
    assert event.before == {"kept_in": ["traces_review", "traces_tagchange"], "job": job["id"]}


def test_in_the_admin_it_is_through_the_admin(admin_client, admin_user, trace):
    form = {"action": "approve", "_selected_action": [str(trace.pk)]}
    assert admin_client.post("/admin/traces/trace/", form).status_code == 302
    admin_client.post(f"/admin/traces/trace/{trace.pk}/delete/", {"post": "yes"})
    events = Event.objects.filter(object_id=str(trace.pk)).order_by("id")
    assert [(event.action, event.through, event.actor) for event in events] == [
        ("review", "admin", admin_user),
        ("delete", "admin", admin_user),
    ]
