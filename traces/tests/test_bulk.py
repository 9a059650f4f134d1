"""POST /api/traces/bulk."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from events.models import Event
from jobs.kinds import KINDS
from jobs.models import Job
from jobs.services.lease import hold_job
from jobs.services.queue import requeue_job
from jobs.services.reaping import MAX_ATTEMPTS, reap_jobs
from jobs.tests.working import work_off
from traces.curation import pieces
from traces.curation.tags import TagChange
from traces.models import Review, Trace
from traces.services.bulk import changing, freezing, walking
from traces.tests.concurrency import like, somebody_waits
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory
from tunix_site.tests.live import wait_until

pytestmark = pytest.mark.django_db

URL = "/api/traces/bulk"


def post(client, where, change, **more):
    return client.post(URL, {"where": where, "set": change, **more}, format="json")


def changed(client, where, change, **more) -> dict:
    """Ask for a change, have it done; give the job's result."""
    response = post(client, where, change, **more)
    assert response.status_code == 202, response.json()
    work_off("bulk")
    job = client.get(response.headers["Location"]).json()
    assert job["state"] == "succeeded", job
    return job["result"]


def test_all_that_match_are_changed_and_reviewed(curator):
    mine = TraceFactory.create_batch(3, meta={"source": "mine"})
    other = TraceFactory(meta={"source": "other"})
    result = changed(curator, {"source": "mine"}, {"status": "approved", "add_tags": ["good"]})
    assert result == {"matched_count": 3, "changed_count": 3, "refused_count": 0}
    for trace in mine:
        trace.refresh_from_db()
        assert (trace.status, trace.tags) == ("approved", ["good"])
        review, tagged = trace.reviews.get(), trace.tag_changes.get()
        assert review.reviewer.username == tagged.changed_by.username == "a curator"
        assert (review.status_before, tagged.before, tagged.after) == ("unreviewed", [], ["good"])
        assert review.job == tagged.job == Job.objects.get().pk
    other.refresh_from_db()
    assert (other.status, other.tags) == ("unreviewed", [])


def test_the_answer_is_a_job(curator):
    TraceFactory.create_batch(2)
    response = post(curator, {}, {"status": "flagged"})
    job = response.json()
    assert response.headers["Location"].endswith(f"/api/jobs/{job['id']}")
    assert (job["kind"], job["state"], job["total"]) == ("bulk", "queued", 2)
    work_off("bulk")
    job = curator.get(f"/api/jobs/{job['id']}").json()
    assert (job["state"], job["done"], job["total"]) == ("succeeded", 2, 2)


def test_more_than_one_piece_is_changed(curator, monkeypatch):
    monkeypatch.setattr("traces.curation.pieces.FROZEN_AT_ONCE", 2)
    TraceFactory.create_batch(5)
    assert changed(curator, {"status": "unreviewed"}, {"status": "approved"})["changed_count"] == 5
    assert not Trace.objects.exclude(status="approved").exists()


def test_tags_are_added_behind_and_removed(curator):
    trace = TraceFactory(tags=["a", "b", "c"])
    changed(curator, {}, {"add_tags": ["d", "a", "d", "e"], "remove_tags": ["b"]})
    trace.refresh_from_db()
    assert trace.tags == ["a", "c", "d", "e"]


def test_what_is_so_already_is_neither_changed_nor_reviewed(curator):
    ApprovedTraceFactory(tags=["a"])
    result = changed(curator, {}, {"status": "approved", "add_tags": ["a"], "remove_tags": ["b"]})
    assert result == {"matched_count": 1, "changed_count": 0, "refused_count": 0}
    assert not Review.objects.exists()
    assert not TagChange.objects.exists()


def test_a_trace_with_too_many_tags_is_left_and_reported(curator):
    full = TraceFactory(tags=[f"t{n}" for n in range(50)])
    TraceFactory()
    result = changed(curator, {}, {"status": "approved", "add_tags": ["one more"]})
    assert result == {"matched_count": 2, "changed_count": 1, "refused_count": 1}
    full.refresh_from_db()
    assert (len(full.tags), full.status) == (50, "unreviewed")
    assert not full.tag_changes.exists()
    url = f"/api/jobs/{Job.objects.get().pk}/errors.jsonl"
    error = json.loads(curator.get(url).getvalue())
    assert str(full.pk) in error["message"]


def test_traces_that_come_in_later_are_left_alone(curator):
    TraceFactory()
    post(curator, {}, {"status": "approved"})
    later = TraceFactory()
    work_off("bulk")
    later.refresh_from_db()
    assert later.status == "unreviewed"


def test_what_matches_only_later_was_not_confirmed_and_is_left_alone(curator):
    confirmed, later = TraceFactory(tags=["x"]), TraceFactory()
    post(curator, {"tag": "x"}, {"status": "approved"}, expected_count=1)
    curator.patch(f"/api/traces/{later.pk}", {"tags": ["x"]}, format="json")
    work_off("bulk")
    job = Job.objects.get()
    assert (job.done, job.total, job.result["matched_count"]) == (1, 1, 1)
    assert Trace.objects.get(status="approved") == confirmed


def test_what_somebody_changed_before_its_turn_is_left_as_it_is(curator):
    mine, theirs = TraceFactory.create_batch(2)
    post(curator, {"status": "unreviewed"}, {"status": "rejected"}, expected_count=2)
    curator.patch(f"/api/traces/{theirs.pk}", {"status": "approved"}, format="json")
    work_off("bulk")
    job = Job.objects.get()
    assert (job.done, job.total, job.result["matched_count"]) == (2, 2, 1)
    assert Trace.objects.get(status="rejected") == mine
    assert Trace.objects.get(status="approved") == theirs


def test_what_each_trace_was_changed_by_is_found_with_it(curator):
    trace = TraceFactory()
    changed(curator, {}, {"status": "rejected", "add_tags": ["seen"]})
    (review,) = curator.get(f"/api/traces/{trace.pk}/reviews").json()["results"]
    assert (review["verdict"], review["status_before"]) == ("rejected", "unreviewed")
    told = Event.objects.get(action="change").before
    assert told["job"] == str(trace.reviews.get().job) == str(trace.tag_changes.get().job)


@pytest.mark.parametrize(
    "where",
    [
        {"tag": "x"},
        {"status": "flagged"},
        {"meta.level": 5},
        {"criteria": "c", "min_score": 0.5},
        {"min_steps": 2, "max_steps": 2, "created_after": "2026-01-01T00:00:00Z", "tag": "x"},
    ],
)
def test_the_filters_are_those_of_the_list(curator, where):
    chosen = TraceFactory(tags=["x"], meta={"level": 5})
    Trace.objects.filter(pk=chosen.pk).update(status="flagged")
    ScoreFactory(trace=chosen, criteria="c", value=1.0)
    TraceFactory()
    assert changed(curator, where, {"add_tags": ["found"]})["matched_count"] == 1
    chosen.refresh_from_db()
    assert "found" in chosen.tags


def test_the_number_may_be_expected(curator):
    TraceFactory.create_batch(2)
    response = post(curator, {}, {"status": "approved"}, expected_count=3)
    assert response.status_code == 409
    assert response.json() == {"detail": "2 traces match, not 3: nothing was changed."}
    assert not Job.objects.exists()
    assert changed(curator, {}, {"status": "approved"}, expected_count=2)["changed_count"] == 2


def test_nothing_that_matches_is_no_error(curator):
    result = changed(curator, {"source": "nobody"}, {"status": "approved"})
    assert result["matched_count"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "where"),
        ({"where": {}}, "set"),
        ({"where": {}, "set": {}}, "set"),
        ({"where": {}, "set": {"add_tags": []}}, "set"),
        ({"where": {}, "set": {"status": "good"}}, "set"),
        ({"where": {}, "set": {"add_tags": ["a"], "remove_tags": ["a"]}}, "set"),
        ({"where": {}, "set": {"add_tags": ["x" * 65]}}, "set"),
        ({"where": {}, "set": {"prompt": "new"}}, "set"),
        ({"where": {"a": 1}, "set": {"status": "approved"}}, "where"),
        ({"where": {"status": 1}, "set": {"status": "approved"}}, "where"),
        ({"where": [], "set": {"status": "approved"}}, "where"),
        ({"where": {}, "set": {"status": "approved"}, "expected_count": -1}, "expected_count"),
        ({"where": {}, "set": {"status": "approved"}, "limit": 1}, "limit"),
        ({"where": {}, "set": {"status": "approved"}, "newest": "x"}, "newest"),
    ],
)
def test_bad_requests_are_refused(curator, body, field):
    response = curator.post(URL, body, format="json")
    assert response.status_code == 400
    assert field in response.json()
    assert not Job.objects.exists()


def test_a_writer_may_not(writer):
    assert post(writer, {}, {"status": "approved"}).status_code == 403


def test_a_job_of_nobody_fails(curator, django_user_model):
    TraceFactory()
    post(curator, {}, {"status": "approved"})
    Job.objects.update(created_by=None)
    work_off("bulk")
    assert Job.objects.get().state == "failed"
    assert Trace.objects.get().status == "unreviewed"


@pytest.fixture
def breaks_off(monkeypatch):
    """Have the next change break off after the first of its pieces, two traces each."""
    monkeypatch.setattr("traces.curation.pieces.FROZEN_AT_ONCE", 2)

    def after_one(error: Exception) -> None:
        pieces = iter([None, error])
        change = changing._change

        def change_or_break(*given, **named):
            if (broken := next(pieces, None)) is not None:
                raise broken
            return change(*given, **named)

        monkeypatch.setattr("traces.services.bulk.changing._change", change_or_break)

    return after_one


def test_what_is_taken_up_again_counts_what_was_done_before(curator, breaks_off):
    TraceFactory.create_batch(5)
    post(curator, {"status": "unreviewed"}, {"status": "approved"})
    breaks_off(OperationalError("away"))  # whereupon another worker takes it up
    work_off("bulk")
    job = Job.objects.get()
    assert (job.state, Event.objects.filter(action="change").count()) == ("running", 0)
    requeue_job(job=job, counts=True)
    waiting = curator.get(f"/api/jobs/{job.pk}").json()
    assert (waiting["state"], waiting["started_at"]) == ("queued", None)
    work_off("bulk")
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("succeeded", 5, 5)
    assert job.result == {"matched_count": 5, "changed_count": 5, "refused_count": 0}
    assert Event.objects.get(action="change").count == 5


def test_what_breaks_off_for_good_is_told_of_as_far_as_it_came(curator, breaks_off):
    TraceFactory.create_batch(5)
    post(curator, {"status": "unreviewed"}, {"status": "approved"})
    breaks_off(ZeroDivisionError())
    work_off("bulk")
    assert Job.objects.get().state == "failed"
    assert Event.objects.get(action="change").count == 2


def test_what_was_done_before_it_is_cancelled_in_its_queue_is_told(curator, breaks_off):
    TraceFactory.create_batch(5)
    post(curator, {"status": "unreviewed"}, {"status": "approved"})
    breaks_off(OperationalError("away"))
    work_off("bulk")
    job = Job.objects.get()
    requeue_job(job=job, counts=True)
    assert curator.delete(f"/api/jobs/{job.pk}").status_code == 204
    work_off("bulk")
    told = Event.objects.get(action="change")
    assert (told.count, told.job_id, told.actor_name) == (2, job.pk, "a curator")
    assert (told.through, told.where) == ("worker", {"status": "unreviewed"})


def test_what_was_done_before_it_is_given_up_is_told(curator, breaks_off):
    TraceFactory.create_batch(5)
    post(curator, {}, {"status": "approved"})
    breaks_off(OperationalError("away"))
    work_off("bulk")
    long_ago = timezone.now() - timedelta(days=1)
    Job.objects.update(attempt=MAX_ATTEMPTS, heartbeat_at=long_ago)
    assert reap_jobs() == 1
    assert Job.objects.get().state == "failed"
    assert Event.objects.get(action="change").count == 2


def test_what_is_cancelled_before_its_turn_tells_of_no_change(curator):
    TraceFactory()
    job = post(curator, {}, {"status": "approved"}).json()["id"]
    assert curator.delete(f"/api/jobs/{job}").status_code == 204
    assert not Event.objects.filter(action="change").exists()


@pytest.fixture
def when_done(monkeypatch):
    """Have something happen between the work of the next change and its end."""

    def happens(what) -> None:
        kind, left = KINDS["bulk"], [what]

        def run(job, progress, by):
            result = kind.run(job, progress, by)
            if left:
                left.pop()(job)
            return result

        monkeypatch.setitem(KINDS, "bulk", replace(kind, run=run))

    return happens


def test_what_was_done_by_a_worker_that_ended_before_it_was_noted_is_told_once(curator, when_done):
    def end(job):
        raise OperationalError("away")

    TraceFactory.create_batch(3)
    post(curator, {}, {"status": "approved"})
    when_done(end)
    work_off("bulk")
    requeue_job(job=Job.objects.get(), counts=True)
    work_off("bulk")
    assert Job.objects.get().state == "succeeded"
    assert Event.objects.get(action="change").count == 3


def test_what_a_cancellation_was_too_late_for_is_told_once(curator, when_done):
    TraceFactory.create_batch(3)
    post(curator, {}, {"status": "approved"})
    when_done(lambda job: curator.delete(f"/api/jobs/{job.pk}"))
    work_off("bulk")
    assert Event.objects.filter(action="cancel").exists()
    assert Job.objects.get().state == "succeeded"
    assert Event.objects.get(action="change").count == 3


def test_a_filter_that_takes_too_long_is_refused(curator, monkeypatch):
    TraceFactory()
    slow = pieces._FREEZE.replace("FROM ({matching})", "FROM pg_sleep(9), ({matching})")
    monkeypatch.setattr(pieces, "_FREEZE", slow)
    monkeypatch.setattr(freezing, "FREEZE_SECONDS", 0.05)
    response = post(curator, {}, {"status": "approved"})
    assert response.status_code == 503
    assert response.json()["detail"].endswith("narrow the filter, and do the rest after that.")
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_cancels_it_waits_for_a_piece_and_after_that_nothing_is_changed(
    curator, monkeypatch
):
    monkeypatch.setattr("traces.curation.pieces.FROZEN_AT_ONCE", 2)
    TraceFactory.create_batch(5)
    job = post(curator, {}, {"status": "approved"}).json()["id"]
    other, change, cancelling = like(curator), changing._change, []

    def change_while_somebody_cancels(*given, **named):
        errors = change(*given, **named)
        cancelling.append(pool.submit(other.delete, f"/api/jobs/{job}"))
        wait_until(somebody_waits)
        return errors

    def hold_after_whoever_waits(**named):
        for one in cancelling:  # who comes later may be given the row first
            one.result()
        hold_job(**named)

    monkeypatch.setattr(changing, "_change", change_while_somebody_cancels)
    monkeypatch.setattr(walking, "hold_job", hold_after_whoever_waits)
    with ThreadPoolExecutor(1) as pool:
        work_off("bulk")
        (cancelled,) = [done.result().status_code for done in cancelling]
        pool.submit(connections.close_all).result()
    assert (cancelled, Job.objects.get().state) == (204, "cancelled")
    assert Trace.objects.filter(status="approved").count() == 2
    assert Event.objects.get(action="change").count == 2


def test_a_selection_is_changed_by_its_ids(curator):
    chosen, other = TraceFactory.create_batch(3), TraceFactory()
    ids = ",".join(str(trace.pk) for trace in chosen)
    result = changed(curator, {"ids": ids}, {"status": "rejected"}, expected_count=3)
    assert result["changed_count"] == 3
    other.refresh_from_db()
    assert other.status == "unreviewed"
    listed = curator.get(f"/api/traces?ids={ids}&count=true&limit=2").json()
    assert (listed["count"], len(listed["results"])) == (3, 2)


def test_a_thousand_ids_are_as_many_as_a_selection_may_have(curator):
    trace = TraceFactory()
    most = ",".join([str(trace.pk)] * 1_000)
    assert changed(curator, {"ids": most}, {"status": "rejected"})["matched_count"] == 1
    response = post(curator, {"ids": f"{most},{trace.pk}"}, {"status": "approved"})
    assert response.status_code == 400
    assert response.json() == {"where": {"ids": ["More than 1,000 ids."]}}


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ("", "This field may not be blank."),
        ("x", "It is no id."),
        (f"{'0' * 8}-0000-7000-8000-{'0' * 12},", "Number 2 is no id."),
        (["x"], "Not a string."),
        (None, "This field may not be null."),
    ],
)
def test_what_are_no_ids_is_refused(curator, ids, reason):
    response = post(curator, {"ids": ids}, {"status": "approved"})
    assert response.status_code == 400
    assert response.json() == {"where": {"ids": [reason]}}
