"""What verdicts do to queues: overlap, disputes, and what undoing them does."""

import pytest
from django.contrib.auth.models import User
from rest_framework.exceptions import PermissionDenied

from events.models import Event
from events.tests.acting import acting
from jobs.tests.working import work_off
from traces.curation.queues import Queue
from traces.models import Review
from traces.services.queues.claims import claim_next
from traces.services.queues.queues import delete_queue
from traces.services.reviews import Verdict, review_trace, undo_review
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import assert_counted, filled, judged, person, taken
from tunix_site.errors import Conflict

pytestmark = pytest.mark.django_db


@pytest.fixture
def trace():
    return TraceFactory()


def status_of(trace) -> str:
    trace.refresh_from_db()
    return trace.status


def disputes() -> Queue:
    return Queue.objects.get(is_of_disputes=True)


def said(trace, name, status, **options) -> Review:
    verdict, by = Verdict(status=status), acting(person(name))
    return review_trace(trace=trace, verdict=verdict, by=by, **options)


def undone(review: Review, name: str) -> Review:
    return undo_review(review=review, by=acting(person(name)))


def disputed(queue: Queue) -> list[Review]:
    return [
        judged(taken(queue, name), status)
        for name, status in (("ada", "approved"), ("bob", "rejected"))
    ]


def test_a_review_by_a_claim_tells_its_queue_and_guideline(trace):
    queue = filled(guideline="Be kind.")
    review = judged(taken(queue, "ada"))
    assert (review.queue, review.guideline) == (queue, 1)
    assert_counted(queue)
    assert queue.left_count == 0


def test_a_review_elsewhere_counts_in_every_queue(trace):
    queues = [filled(name=name) for name in ("one", "two")]
    review = said(trace, "ada", "approved")
    assert review.queue is None
    for queue in queues:
        assert_counted(queue)
        assert queue.left_count == 0


def test_so_do_a_change_of_status_and_of_many(curator):
    one, _, _ = TraceFactory.create_batch(3)
    queue = filled()
    curator.patch(f"/api/traces/{one.pk}", {"status": "approved"}, format="json")
    assert_counted(queue)
    assert queue.left_count == 2
    change = {"where": {}, "set": {"status": "approved"}}
    curator.post("/api/traces/bulk", change, format="json")
    work_off("bulk")
    assert_counted(queue)
    assert queue.left_count == 0


def test_where_two_are_wanted_the_last_gives_the_status(trace):
    queue = filled(overlap=1)
    judged(taken(queue, "ada"))
    assert status_of(trace) == "unreviewed"
    told = Event.objects.get(action="review")
    assert told.after == {
        "status": "unreviewed",
        "verdict": "approved",
        "review": Review.objects.get().pk,
    }
    judged(taken(queue, "bob"))
    assert status_of(trace) == "approved"
    assert_counted(queue)
    assert queue.left_count == 0
    assert not Queue.objects.filter(is_of_disputes=True).exists()


def test_a_queue_that_was_deleted_waits_for_nobody(trace):
    queue = filled(overlap=1)
    delete_queue(queue=queue, by=acting(person("lead")))
    said(trace, "ada", "approved")
    assert status_of(trace) == "approved"


def test_a_queue_that_was_deleted_is_counted_no_more(trace):
    queue = filled()
    delete_queue(queue=queue, by=acting(person("lead")))
    Queue.objects.update(member_count=0, left_count=0)  # as one that was deleted unfilled had it
    said(trace, "ada", "approved")
    assert status_of(trace) == "approved"


def test_whoever_changes_their_mind_counts_once(trace):
    queue = filled(overlap=1)
    first = judged(taken(queue, "ada"))
    said(trace, "ada", "rejected", expected_review=first.pk)
    assert status_of(trace) == "unreviewed"
    assert_counted(queue)
    assert queue.left_count == 1
    judged(taken(queue, "bob"), "rejected")
    assert status_of(trace) == "rejected"


def test_where_two_differ_a_third_decides(trace):
    queue = filled(overlap=1)
    disputed(queue)
    assert status_of(trace) == "flagged"
    assert_counted(queue)
    assert_counted(disputes())
    assert (disputes().name, disputes().left_count) == ("Disputed", 1)
    for name in ("ada", "bob"):
        assert claim_next(queue=disputes(), by=acting(person(name))) is None
    review = judged(taken(disputes(), "eve"), "rejected")
    assert (review.queue, review.status_before) == (disputes(), "flagged")
    assert status_of(trace) == "rejected"
    assert_counted(disputes())
    assert (disputes().member_count, disputes().left_count) == (1, 0)


def test_there_is_one_queue_of_disputes_whatever_others_are_called():
    TraceFactory.create_batch(2)
    own = filled(name="Disputed")
    queue = filled(overlap=1)
    for _ in range(2):
        disputed(queue)
    assert own != disputes()
    assert disputes().left_count == 2
    with pytest.raises(Conflict):
        delete_queue(queue=disputes(), by=acting(person("lead")))


def test_a_change_by_somebody_else_decides_at_once(trace, curator):
    queue = filled(overlap=1)
    judged(taken(queue, "ada"))
    curator.patch(f"/api/traces/{trace.pk}", {"status": "rejected"}, format="json")
    assert status_of(trace) == "rejected"
    assert_counted(queue)
    assert queue.left_count == 0


def test_ones_own_last_review_is_what_a_save_expects(trace):
    queue = filled(overlap=1)
    first = said(trace, "ada", "approved", expected_review=None)
    with pytest.raises(Conflict, match=rf"{first.pk}, not none"):
        said(trace, "ada", "rejected", expected_review=None)
    said(trace, "bob", "approved", expected_review=None)
    second = said(trace, "ada", "rejected", expected_review=first.pk)
    with pytest.raises(Conflict, match=rf"{second.pk}, not {first.pk}"):
        said(trace, "ada", "flagged", expected_review=first.pk)
    undone(second, "ada")
    said(trace, "ada", "flagged", expected_review=first.pk)
    assert queue.reviews.count() == 0


def test_a_verdict_is_undone_and_the_trace_is_open_again(trace):
    queue = filled()
    review = judged(taken(queue, "ada"))
    undo = undone(review, "ada")
    assert (undo.undoes, undo.verdict, undo.status_before) == (review, "unreviewed", "approved")
    assert status_of(trace) == "unreviewed"
    assert_counted(queue)
    assert queue.left_count == 1
    assert not Review.objects.standing().exists()
    assert taken(queue, "ada").trace == trace
    told = Event.objects.get(action="undo")
    assert told.before == {"status": "approved", "review": review.pk}
    assert told.after == {"status": "unreviewed", "review": undo.pk}


def test_the_one_before_is_undone_next(trace):
    first, second = said(trace, "ada", "approved"), said(trace, "ada", "rejected")
    with pytest.raises(Conflict, match="since"):
        undone(first, "ada")
    undone(second, "ada")
    assert status_of(trace) == "approved"
    undone(first, "ada")
    assert status_of(trace) == "unreviewed"


def test_what_is_undone_stays_undone(trace):
    review = said(trace, "ada", "approved")
    undo = undone(review, "ada")
    for one in (review, undo):
        with pytest.raises(Conflict):
            undone(one, "ada")
    assert Review.objects.count() == 2


def test_others_reviews_are_undone_by_superusers_alone(trace):
    queue = filled()
    review = judged(taken(queue, "ada"))
    with pytest.raises(PermissionDenied):
        undone(review, "bob")
    chief = User.objects.create(username="chief", is_superuser=True)
    undo_review(review=review, by=acting(chief))
    assert_counted(queue)
    assert queue.left_count == 1
    assert taken(queue, "ada").trace == trace


def test_nothing_is_undone_that_somebody_reviewed_since(trace):
    review = said(trace, "ada", "approved")
    since = said(trace, "bob", "approved")
    with pytest.raises(Conflict, match="bob reviewed the trace since"):
        undone(review, "ada")
    undone(since, "bob")
    undone(review, "ada")
    assert status_of(trace) == "unreviewed"


def test_a_dispute_is_over_when_the_verdict_that_made_it_is_undone(trace):
    queue = filled(overlap=1)
    _, second = disputed(queue)
    undone(second, "bob")
    assert status_of(trace) == "unreviewed"
    for one in (queue, disputes()):
        assert_counted(one)
    assert (queue.left_count, disputes().member_count) == (1, 0)
    judged(taken(queue, "bob"), "approved")
    assert status_of(trace) == "approved"


def test_a_dispute_is_open_again_when_its_decision_is_undone(trace):
    disputed(filled(overlap=1))
    decision = judged(taken(disputes(), "eve"), "approved")
    undone(decision, "eve")
    assert status_of(trace) == "flagged"
    assert_counted(disputes())
    assert disputes().left_count == 1
    assert taken(disputes(), "eve").trace == trace


def test_a_trace_may_be_disputed_again(trace):
    disputed(filled(overlap=1))
    judged(taken(disputes(), "eve"), "approved")
    disputed(filled(name="again", overlap=1))
    assert status_of(trace) == "flagged"
    assert_counted(disputes())
    assert (disputes().member_count, disputes().left_count) == (1, 1)
