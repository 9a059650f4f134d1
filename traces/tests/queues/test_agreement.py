"""Cohen's kappa, against values worked out by hand."""

import pytest

from events.tests.acting import acting
from traces.finding.curation.agreement import agreement, agreement_in
from traces.services.reviews import undo_review
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, taken

PAIR = ("ada", "bob")


@pytest.mark.parametrize(
    ("counts", "share", "kappa"),
    [
        ({("a", "a"): 20, ("a", "r"): 5, ("r", "a"): 10, ("r", "r"): 15}, 0.7, 0.4),
        ({("a", "a"): 3, ("r", "r"): 3}, 1, 1),
        ({("a", "r"): 3, ("r", "a"): 3}, 0, -1),
        ({("a", "a"): 1, ("a", "r"): 1, ("r", "a"): 1, ("r", "r"): 1}, 0.5, 0),
        ({("a", "a"): 5}, 1, None),
        ({("a", "r"): 5}, 0, 0),
    ],
)
def test_kappa_is_what_exceeds_chance(counts, share, kappa):
    found = agreement(PAIR, counts)
    assert (found.reviewers, found.trace_count) == (PAIR, sum(counts.values()))
    assert found.share == pytest.approx(share)
    assert found.kappa == (kappa if kappa is None else pytest.approx(kappa))


@pytest.mark.django_db
def test_what_was_undone_or_is_of_another_queue_does_not_count():
    TraceFactory.create_batch(2)
    queue = filled(overlap=1)
    for first, second in (("approved", "approved"), ("approved", "rejected")):
        judged(taken(queue, "ada"), first)
        last = judged(taken(queue, "bob"), second)
    [pair] = agreement_in(queue)
    assert (pair.trace_count, pair.share) == (2, 0.5)
    undo_review(review=last, by=acting(last.reviewer))
    [pair] = agreement_in(queue)
    assert (pair.trace_count, pair.share, pair.kappa) == (1, 1, None)
    assert agreement_in(filled(name="other")) == []
