"""POST /api/jobs/{id}/undo of a bulk change."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from events.models import Event
from jobs.models import Job
from jobs.services.queue import requeue_job
from jobs.tests.factories import SucceededJobFactory
from jobs.tests.working import work_off
from traces.curation.pieces import BulkPiece
from traces.curation.queues import Queue
from traces.models import Review, Trace
from traces.services.bulk import undoing
from traces.tests.factories import TraceFactory
from traces.tests.test_bulk import breaks_off, post  # noqa: F401  # a fixture
from traces.tests.test_bulk import changed as change

pytestmark = pytest.mark.django_db


def bulk_job() -> Job:
    return Job.objects.filter(kind="bulk").latest("pk")


def undo(client, job=None):
    return client.post(f"/api/jobs/{(job or bulk_job()).pk}/undo")


def undone(client, job=None) -> dict:
    """Ask for the undoing, have it done; give the job's result."""
    response = undo(client, job)
    assert response.status_code == 202, response.json()
    work_off("bulk")
    job = client.get(response.headers["Location"]).json()
    assert (job["kind"], job["state"]) == ("undo", "succeeded"), job
    return job["result"]


def patch(client, trace, **values):
    response = client.patch(f"/api/traces/{trace.pk}", values, format="json")
    assert response.status_code == 200


def states() -> list[tuple[str, list[str]]]:
    return list(Trace.objects.order_by("id").values_list("status", "tags"))


def test_all_is_as_it_was_before(curator):
    flagged, plain = TraceFactory(tags=["b", "a"]), TraceFactory()
    patch(curator, flagged, status="flagged")
    before = states()
    change(curator, {}, {"status": "rejected", "add_tags": ["bad"], "remove_tags": ["b"]})
    assert states() == [("rejected", ["a", "bad"]), ("rejected", ["bad"])]
    assert undone(curator) == {"restored_count": 2, "left_count": 0, "left": []}
    assert states() == before
    undo_of = Review.objects.get(trace=plain, undoes__isnull=False)
    assert (undo_of.verdict, undo_of.status_before) == ("unreviewed", "rejected")
    assert undo_of.undoes.job == bulk_job().pk
    assert plain.tag_changes.first().after == []


def test_what_somebody_touched_since_is_left_and_named(curator):
    plain, judged, tagged, gone = TraceFactory.create_batch(4)
    change(curator, {}, {"status": "rejected", "add_tags": ["bad"]})
    patch(curator, judged, status="approved")
    patch(curator, tagged, tags=["mine"])
    assert curator.delete(f"/api/traces/{gone.pk}").status_code == 204
    result = undone(curator)
    assert result == {
        "restored_count": 1,
        "left_count": 2,
        "left": [str(judged.pk), str(tagged.pk)],
    }
    assert states() == [("unreviewed", []), ("approved", ["bad"]), ("rejected", ["mine"])]
    assert plain.reviews.count() == 2


def test_what_was_not_changed_of_a_trace_may_have_been_touched(curator):
    trace = TraceFactory()
    change(curator, {}, {"add_tags": ["batch-3"]})
    patch(curator, trace, status="approved")
    assert undone(curator)["restored_count"] == 1
    assert states() == [("approved", [])]


def test_a_verdict_that_was_the_same_again_is_a_touch(curator):
    trace = TraceFactory()
    change(curator, {}, {"status": "rejected"})
    url = f"/api/traces/{trace.pk}/reviews"
    assert curator.post(url, {"verdict": "rejected"}, format="json").status_code == 201
    assert undone(curator)["left"] == [str(trace.pk)]


def test_what_was_undone_one_by_one_is_as_before_already(curator):
    trace = TraceFactory()
    change(curator, {}, {"status": "rejected"})
    assert curator.post(f"/api/reviews/{trace.reviews.get().pk}/undo").status_code == 201
    assert undone(curator) == {"restored_count": 0, "left_count": 0, "left": []}
    assert states() == [("unreviewed", [])]


def test_what_the_change_left_alone_is_left_alone(curator):
    already = TraceFactory(tags=["bad"])
    patch(curator, already, status="rejected")
    change(curator, {}, {"status": "rejected", "add_tags": ["bad"]})
    assert undone(curator)["restored_count"] == 0
    assert states() == [("rejected", ["bad"])]


def test_of_two_changes_the_later_one_is_undone_first(curator):
    TraceFactory()
    change(curator, {}, {"status": "rejected"})
    first = bulk_job()
    change(curator, {}, {"status": "approved"})
    assert undone(curator)["restored_count"] == 1
    assert states() == [("rejected", [])]
    assert undone(curator, first)["restored_count"] == 1
    assert states() == [("unreviewed", [])]


def test_no_more_than_some_are_named(curator, monkeypatch):
    monkeypatch.setattr(undoing, "MAX_LEFT", 2)
    traces = TraceFactory.create_batch(3)
    change(curator, {}, {"status": "rejected"})
    for trace in traces:
        patch(curator, trace, status="approved")
    result = undone(curator)
    assert (result["left_count"], len(result["left"])) == (3, 2)


def test_one_row_tells_of_it(curator):
    TraceFactory.create_batch(2)
    change(curator, {"status": "unreviewed"}, {"status": "rejected"})
    undone(curator)
    event = Event.objects.get(action="undo")
    assert (event.count, event.where) == (2, {"status": "unreviewed"})
    assert event.before["job"] == str(bulk_job().pk)
    assert event.after == {"job": str(Review.objects.filter(undoes__isnull=False)[0].job)}


def test_a_second_time_is_a_conflict(curator):
    TraceFactory()
    change(curator, {}, {"status": "rejected"})
    assert undo(curator).status_code == 202
    response = undo(curator)
    assert response.status_code == 409
    assert "undone already" in response.json()["detail"]
    work_off("bulk")
    assert undo(curator).status_code == 409


def test_after_a_day_it_is_a_conflict(curator):
    TraceFactory()
    change(curator, {}, {"status": "rejected"})
    ended = Job.objects.filter(kind="bulk")
    ended.update(finished_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert undo(curator).status_code == 202
    Job.objects.filter(kind="undo").delete()
    ended.update(finished_at=timezone.now() - timedelta(hours=24, minutes=1))
    response = undo(curator)
    assert response.status_code == 409
    assert "over a day ago" in response.json()["detail"]


def test_what_is_kept_for_it_goes_when_nothing_can_be_undone_any_more(curator):
    TraceFactory()
    change(curator, {}, {"status": "rejected"})
    old = bulk_job()
    Job.objects.update(finished_at=timezone.now() - timedelta(days=3))
    change(curator, {}, {"status": "approved"})
    assert not BulkPiece.objects.filter(job=old).exists()
    assert BulkPiece.objects.filter(job=bulk_job()).exists()


def test_only_what_has_ended_is_undone(curator):
    TraceFactory()
    post(curator, {}, {"status": "rejected"})
    response = undo(curator)
    assert response.status_code == 409
    assert "cancel it first" in response.json()["detail"]


def test_other_kinds_of_jobs_are_not_undone(curator):
    TraceFactory()
    change(curator, {}, {"status": "rejected"})
    undone(curator)
    me = bulk_job().created_by
    for job in (Job.objects.get(kind="undo"), SucceededJobFactory(created_by=me)):
        response = undo(curator, job)
        assert response.status_code == 409
        assert response.json() == {"detail": "What a job of this kind does is not undone."}


def test_what_is_cancelled_is_undone_as_far_as_it_came(curator, breaks_off):  # noqa: F811
    TraceFactory.create_batch(5)
    post(curator, {}, {"status": "approved"})
    breaks_off(OperationalError("away"))
    work_off("bulk")
    assert curator.delete(f"/api/jobs/{bulk_job().pk}").status_code == 204
    assert [status for status, _ in states()].count("approved") == 2
    assert undone(curator)["restored_count"] == 2
    assert {status for status, _ in states()} == {"unreviewed"}


def test_an_undoing_that_was_cancelled_goes_on_when_asked_again(curator, monkeypatch):
    monkeypatch.setattr("traces.curation.pieces.FROZEN_AT_ONCE", 2)
    TraceFactory.create_batch(5)
    change(curator, {}, {"status": "approved", "add_tags": ["a"]})
    pieces, original = iter([None, OperationalError("away")]), undoing._undo

    def undo_or_break(*given, **named):
        if (error := next(pieces, None)) is not None:
            raise error
        return original(*given, **named)

    monkeypatch.setattr(undoing, "_undo", undo_or_break)
    broken = undo(curator).json()["id"]
    work_off("bulk")
    assert curator.delete(f"/api/jobs/{broken}").status_code == 204
    assert undone(curator) == {"restored_count": 5, "left_count": 0, "left": []}
    assert states() == [("unreviewed", [])] * 5


def broken_off(curator, monkeypatch) -> Job:
    """Begin an undoing whose second piece meets a database that is away."""
    pieces, original = iter([None, OperationalError("away")]), undoing._undo

    def undo_or_break(*given, **named):
        if (error := next(pieces, None)) is not None:
            raise error
        return original(*given, **named)

    monkeypatch.setattr(undoing, "_undo", undo_or_break)
    undo(curator)
    work_off("bulk")
    return Job.objects.get(kind="undo")


def test_an_undoing_that_a_worker_took_up_again_counts_all(curator, monkeypatch):
    monkeypatch.setattr("traces.curation.pieces.FROZEN_AT_ONCE", 2)
    TraceFactory.create_batch(5)
    change(curator, {}, {"status": "approved"})
    job = broken_off(curator, monkeypatch)
    assert job.state == "running"
    requeue_job(job=job, counts=True)
    work_off("bulk")
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("succeeded", 5, 5)
    assert job.result["restored_count"] == 5
    assert Event.objects.get(action="undo").count == 5


def test_what_was_undone_before_it_is_cancelled_in_its_queue_is_told(curator, monkeypatch):
    monkeypatch.setattr("traces.curation.pieces.FROZEN_AT_ONCE", 2)
    TraceFactory.create_batch(5)
    change(curator, {}, {"status": "approved"})
    job = broken_off(curator, monkeypatch)
    requeue_job(job=job, counts=True)
    assert curator.delete(f"/api/jobs/{job.pk}").status_code == 204
    told = Event.objects.get(action="undo")
    assert (told.count, told.job_id, told.before["job"]) == (2, job.pk, str(job.undoes_id))


def test_queues_count_it_no_longer(curator):
    TraceFactory.create_batch(2)
    body = {"name": "All", "where": {}, "order": "oldest"}
    assert curator.post("/api/queues", body, format="json").status_code == 201
    work_off("queues")
    assert Queue.objects.get().left_count == 2
    change(curator, {}, {"status": "rejected"})
    assert Queue.objects.get().left_count == 0
    undone(curator)
    assert Queue.objects.get().left_count == 2


def test_it_is_ones_own_alone_but_for_superusers(curator, writer, client_as, django_user_model):
    TraceFactory()
    change(curator, {}, {"status": "rejected"})
    job = bulk_job()
    Job.objects.filter(pk=job.pk).update(created_by=django_user_model.objects.create(username="x"))
    assert undo(curator, job).status_code == 403
    assert undo(writer, job).status_code == 403
    trainer = client_as("trainer")
    django_user_model.objects.update(is_superuser=True)
    assert undo(curator, job).status_code == 403  # the key holds them
    assert undo(trainer, job).status_code == 202
