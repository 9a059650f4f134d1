"""What undoing a verdict leaves in the queues that its trace is in: other verdicts that stand."""

import pytest

from events.tests.acting import acting
from traces.services.queues.claims import claim_next
from traces.tests.factories import TraceFactory
from traces.tests.queues.test_verdicts import disputed, disputes, said, status_of, undone
from traces.tests.queues.working import assert_counted, filled, judged, person, taken
from traces.tests.test_bulk import changed
from traces.tests.test_bulk_undo import undone as bulk_undone

pytestmark = pytest.mark.django_db


@pytest.fixture
def trace():
    return TraceFactory()


def assert_disputed(trace) -> None:
    """Check that a trace waits for somebody else than those whose verdicts differ."""
    assert status_of(trace) == "flagged"
    assert_counted(disputes())
    assert disputes().left_count == 1
    assert taken(disputes(), "eve").trace == trace


def test_a_dispute_goes_on_when_another_verdict_of_one_of_the_two_is_undone(trace):
    queue = filled(overlap=1)
    disputed(queue)
    undone(said(trace, "ada", "rejected"), "ada")
    assert_counted(queue)
    assert queue.left_count == 0
    assert claim_next(queue=disputes(), by=acting(person("ada"))) is None
    assert_disputed(trace)


def test_then_it_is_over_when_the_verdict_that_made_it_is_undone(trace):
    queue = filled(overlap=1)
    _, second = disputed(queue)
    undone(said(trace, "ada", "rejected"), "ada")
    undone(second, "bob")
    assert status_of(trace) == "unreviewed"
    for one in (queue, disputes()):
        assert_counted(one)
    assert (queue.left_count, disputes().member_count) == (1, 0)


def test_nobody_decides_their_own_dispute_by_undoing_a_change_of_many(trace, curator):
    queue = filled(overlap=1)
    me = person("a curator")
    judged(taken(queue, "ada"), "approved")
    judged(taken(queue, me.username), "rejected")
    changed(curator, {}, {"status": "approved"})
    assert bulk_undone(curator)["restored_count"] == 1
    assert claim_next(queue=disputes(), by=acting(me)) is None
    assert_disputed(trace)


def test_whoever_judged_by_the_list_before_counts_still(trace):
    queue = filled(overlap=1)
    said(trace, "ada", "approved")
    undone(said(trace, "ada", "rejected"), "ada")
    assert claim_next(queue=queue, by=acting(person("ada"))) is None
    judged(taken(queue, "bob"), "approved")
    assert status_of(trace) == "approved"
    assert_counted(queue)


def test_what_somebody_said_before_the_queue_was_there_counts_no_more_than_before(trace):
    said(trace, "bob", "rejected")
    queue = filled(overlap=1)
    _, second = disputed(queue)
    undone(second, "bob")
    for one in (queue, disputes()):
        assert_counted(one)
    assert (queue.left_count, disputes().member_count) == (1, 0)
    assert taken(queue, "bob").trace == trace


def test_what_somebody_said_before_it_was_disputed_decides_nothing(trace):
    said(trace, "eve", "approved")
    disputed(filled(overlap=1))
    undone(said(trace, "eve", "rejected"), "eve")
    assert_disputed(trace)


def test_a_dispute_goes_on_when_a_verdict_in_a_later_queue_is_undone(trace):
    disputed(filled(overlap=1))
    later = filled(name="later")
    undone(judged(taken(later, "ada"), "rejected"), "ada")
    assert_counted(later)
    assert later.left_count == 1
    assert_disputed(trace)


def test_a_second_dispute_is_over_when_the_verdict_that_made_it_is_undone(trace):
    disputed(filled(overlap=1))
    judged(taken(disputes(), "eve"), "approved")
    again = filled(name="again", overlap=1)
    _, second = disputed(again)
    undone(second, "bob")
    assert status_of(trace) == "approved"
    for one in (again, disputes()):
        assert_counted(one)
    assert (again.left_count, disputes().member_count) == (1, 0)
