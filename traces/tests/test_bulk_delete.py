"""POST /api/traces/bulk-delete."""

import json

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from datasets.models import LARGE_FIELDS
from datasets.tests.factories import DatasetFactory
from events.models import Event
from jobs.models import Job, JobError
from jobs.services.queue import requeue_job
from jobs.tests.working import work_off
from traces.curation.members import QueueMember
from traces.curation.queues import Queue
from traces.models import Review, Score, Trace
from traces.services.bulk import deleting
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.queues.working import filled

pytestmark = pytest.mark.django_db

URL = "/api/traces/bulk-delete"


@pytest.fixture
def root(client_as, django_user_model):
    client = client_as("trainer")
    django_user_model.objects.filter(username="a trainer").update(is_superuser=True)
    return client


def post(client, where, count):
    return client.post(URL, {"where": where, "expected_count": count}, format="json")


def deleted(client, where, count) -> dict:
    """Ask for a deletion, have it done; give the job."""
    response = post(client, where, count)
    assert response.status_code == 202, response.json()
    work_off("bulk")
    return client.get(response.headers["Location"]).json()


def test_all_that_match_go_with_their_scores_and_reviews(root):
    mine = TraceFactory.create_batch(3, meta={"source": "mine"}, tags=["old"])
    other = ScoreFactory(trace=TraceFactory(meta={"source": "other"}))
    ScoreFactory(trace=mine[0])
    root.patch(f"/api/traces/{mine[1].pk}", {"status": "rejected"}, format="json")
    job = deleted(root, {"source": "mine"}, 3)
    assert (job["kind"], job["state"], job["done"], job["total"]) == (
        "bulk_delete",
        "succeeded",
        3,
        3,
    )
    assert job["result"] == {"matched_count": 3, "deleted_count": 3, "kept_count": 0, "kept": []}
    assert list(Trace.objects.all()) == [other.trace]
    assert list(Score.objects.all()) == [other]
    assert not Review.objects.exists()
    told = Event.objects.filter(action="delete")
    assert {one.object_id for one in told} == {str(trace.pk) for trace in mine}
    assert {(one.actor_name, one.through, str(one.job_id)) for one in told} == {
        ("a trainer", "worker", job["id"])
    }
    assert [one.before["status"] for one in told.order_by("object_id")] == [
        "unreviewed",
        "rejected",
        "unreviewed",
    ]
    assert told[0].before["tags"] == ["old"]
    assert root.post(f"/api/jobs/{job['id']}/undo").status_code == 409


def test_what_datasets_hold_stays_and_is_named(root):
    held = TraceFactory(meta={"source": "mine"})
    DatasetFactory(name="sums", version="2")
    DatasetFactory(name="all sums", version="1")
    TraceFactory(meta={"source": "mine"})
    job = deleted(root, {"source": "mine"}, 2)
    assert job["result"] == {
        "matched_count": 2,
        "deleted_count": 1,
        "kept_count": 1,
        "kept": [str(held.pk)],
    }
    assert list(Trace.objects.all()) == [held]
    error = json.loads(root.get(f"/api/jobs/{job['id']}/errors.jsonl").getvalue())
    assert error["message"] == f"Trace {held.pk} is held by: all_sums-1, sums-2."


def test_naming_what_holds_traces_reads_no_document_of_a_dataset(root):
    TraceFactory.create_batch(3, meta={"source": "mine"})
    DatasetFactory(name="sums", version="2")
    with CaptureQueriesContext(connection) as queries:
        job = deleted(root, {"source": "mine"}, 3)
    assert job["result"]["kept_count"] == 3
    of_items = [one["sql"] for one in queries if 'FROM "datasets_datasetitem"' in one["sql"]]
    assert of_items
    for column in ("recipe", *LARGE_FIELDS):
        assert not any(f'"{column}"' in sql for sql in of_items)


def test_queues_count_what_is_left(root):
    TraceFactory.create_batch(3)
    queue = filled()
    gone = Trace.objects.first()
    deleted(root, {"ids": str(gone.pk)}, 1)
    queue = Queue.objects.get(pk=queue.pk)
    assert (queue.member_count, queue.left_count) == (2, 2)
    assert QueueMember.objects.count() == 2


def test_another_number_is_refused(root):
    TraceFactory.create_batch(2)
    response = post(root, {}, 1)
    assert response.status_code == 409
    assert response.json() == {"detail": "2 traces match, not 1: nothing was changed."}
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"where": {}}, "expected_count"),
        ({"expected_count": 1}, "where"),
        ({"where": {}, "expected_count": "1"}, "expected_count"),
        ({"where": {}, "expected_count": -1}, "expected_count"),
        ({"where": {"a": 1}, "expected_count": 1}, "where"),
        ({"where": {}, "expected_count": 1, "set": {}}, "set"),
    ],
)
def test_what_is_wrong_is_named(root, body, field):
    response = root.post(URL, body, format="json")
    assert response.status_code == 400
    assert list(response.json()) == [field]


def test_it_is_for_superusers(client_as):
    TraceFactory()
    response = post(client_as("trainer"), {}, 1)
    assert response.status_code == 403
    assert response.json() == {"detail": "Only superusers delete many traces: reject them."}
    assert not Job.objects.exists()


@pytest.mark.parametrize("role", ["reader", "writer", "curator"])
def test_a_key_of_a_lower_role_holds_a_superuser(client_as, django_user_model, role):
    TraceFactory()
    client = client_as(role)
    django_user_model.objects.update(is_superuser=True)
    response = post(client, {}, 1)
    assert response.status_code == 403
    assert response.json() == {"detail": "This needs the role trainer."}
    assert not Job.objects.exists()


def test_what_matches_no_longer_or_came_later_stays(root):
    changed, gone = TraceFactory(tags=["x"]), TraceFactory(tags=["x"])
    post(root, {"tag": "x"}, 2)
    later = TraceFactory(tags=["x"])
    root.patch(f"/api/traces/{changed.pk}", {"tags": []}, format="json")
    work_off("bulk")
    assert set(Trace.objects.all()) == {changed, later}
    assert Job.objects.get().result["matched_count"] == 1
    assert not Trace.objects.filter(pk=gone.pk).exists()


def test_it_goes_on_where_it_was_broken_off(root, monkeypatch):
    monkeypatch.setattr("traces.curation.pieces.FROZEN_AT_ONCE", 2)
    held = TraceFactory()
    DatasetFactory(name="sums", version="2")
    TraceFactory.create_batch(5)
    delete, begun = deleting._delete, []

    def delete_or_break(piece, **more):
        begun.append(piece.number)
        if len(begun) == 2:
            raise OSError
        return delete(piece, **more)

    monkeypatch.setattr(deleting, "_delete", delete_or_break)
    post(root, {}, 6)
    work_off("bulk")
    job = Job.objects.get()
    assert job.state == "failed"
    assert Trace.objects.count() == 4
    Job.objects.update(state="running")
    requeue_job(job=job, counts=True)
    work_off("bulk")
    job.refresh_from_db()
    assert (job.state, job.done) == ("succeeded", 6)
    assert job.result["deleted_count"] == 5
    assert list(Trace.objects.all()) == [held]
    assert job.errors.count() == 1


def test_a_deletion_that_is_cancelled_stops(root):
    TraceFactory()
    address = post(root, {}, 1).headers["Location"]
    assert root.delete(address).status_code == 204
    work_off("bulk")
    assert Trace.objects.count() == 1


def test_what_others_refer_to_again_and_again_stays_alone(root, monkeypatch):
    _, busy, _ = TraceFactory.create_batch(3)
    delete = deleting._delete_rows

    def refused(ids, by):
        delete(ids, by)
        if busy.pk in ids:
            raise IntegrityError

    monkeypatch.setattr(deleting, "_delete_rows", refused)
    job = deleted(root, {}, 3)
    assert job["state"] == "succeeded"
    assert (job["result"]["deleted_count"], job["result"]["kept"]) == (2, [str(busy.pk)])
    assert Trace.objects.get() == busy
    error = JobError.objects.get()
    assert error.message == f"Trace {busy.pk} is held by: what somebody made of it just now."


@pytest.mark.django_db(transaction=True)
def test_a_dataset_built_meanwhile_keeps_it(root):
    trace, other = TraceFactory(), TraceFactory(status="rejected")

    def build() -> None:
        elsewhere(lambda: DatasetFactory(recipe__where={"status": "unreviewed"}))

    with just_before('DELETE FROM "traces_trace"', build):
        job = deleted(root, {}, 2)
    assert job["result"]["kept"] == [str(trace.pk)]
    assert not Trace.objects.filter(pk=other.pk).exists()
