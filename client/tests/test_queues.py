"""Queues and reviews by the client, on the real web server and a worker."""

import pytest

from jobs.tests.working import work_off
from traces.tests.factories import TraceFactory
from tunix_rt import Conflict, NotFound

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def filled(client, **options):
    queue = client.queues.create("sums", {"source": "made_up"}, "oldest", **options)
    work_off("queues")
    return client.queues.get(queue["id"])


def test_a_queue_is_worked_off(client, client_of):
    traces = [str(trace.pk) for trace in TraceFactory.create_batch(3)]
    queue = filled(client, reasons=["odd"], guideline="Be kind.")
    assert (queue["left"], queue["job"]) == (3, None)
    other = client_of("trainer")
    theirs = other.queues.next(queue["id"])
    assert theirs["trace"]["id"] == traces[0]
    seen = []
    while claimed := client.queues.next(queue["id"]):
        seen.append(claimed["trace"]["id"])
        said = client.traces.review(seen[-1], "rejected", claim=claimed["claim"]["id"])
        assert (said["queue"], said["guideline"]) == (queue["id"], 1)
    assert seen == traces[1:]
    renewed = other.queues.renew(theirs["claim"]["id"])
    assert renewed["expires_at"] >= theirs["claim"]["expires_at"]
    other.queues.release(theirs["claim"]["id"], skip=True)
    assert client.queues.next(queue["id"])["trace"]["id"] == traces[0]
    [row] = client.queues.list()
    assert (row["left"], row["reviewed"]) == (1, 2)


def test_a_second_one_is_fetched_beforehand(client):
    TraceFactory.create_batch(2)
    queue = filled(client)["id"]
    one = client.queues.next(queue)
    two = client.queues.next(queue, after=one["claim"]["id"])
    assert one["trace"]["id"] != two["trace"]["id"]


def test_reviews_are_listed_and_undone(client):
    trace = str(TraceFactory().pk)
    review = client.traces.review(trace, "approved", note="So short.", expected_review=None)
    with pytest.raises(Conflict):
        client.traces.review(trace, "rejected", expected_review=None)
    undo = client.reviews.undo(review["id"])
    assert undo["undoes"] == review["id"]
    assert list(client.reviews.list(reviewer="a curator")) == [undo, review]
    assert list(client.traces.reviews(trace, verdict="approved")) == [review]
    assert client.traces.get(trace)["status"] == "unreviewed"


def test_a_trace_is_corrected(client):
    trace = str(TraceFactory().pk)
    corrected = client.traces.correct(trace, final_answer="another", note="So it is.")
    assert corrected["payload"]["meta"]["revision_of"] == trace
    assert client.traces.get(trace)["status"] == "rejected"


def test_who_did_what_is_told(client):
    trace = str(TraceFactory().pk)
    client.traces.review(trace, "approved")
    [event] = client.events.list(object_type="trace", object_id=trace)
    assert (event["actor"], event["through"], event["action"]) == ("a curator", "api", "review")
    assert (event["before"]["status"], event["after"]["status"]) == ("unreviewed", "approved")
    assert list(client.events.list(action="review", limit=1)) == [event]


def test_a_queue_is_changed_and_deleted(client):
    queue = client.queues.create("sums", {}, "random", seed=7)["id"]
    with pytest.raises(Conflict):
        client.queues.create("sums", {}, "random")
    assert client.queues.update(queue, blind=True)["blind"] is True
    client.queues.delete(queue)
    with pytest.raises(NotFound):
        client.queues.get(queue)
