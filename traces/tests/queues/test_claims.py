"""Who works on which trace: nobody gets what another holds."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound, PermissionDenied

from events.tests.acting import acting
from traces.curation.members import Claim
from traces.models import Review, Trace
from traces.services.queues import claims
from traces.services.queues.claims import (
    claim_next,
    claim_trace,
    release_claim,
    renew_claim,
)
from traces.services.reviews import Verdict, review_trace
from traces.tests.concurrency import at_once, elsewhere, just_before
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import assert_counted, filled, judged, person, taken
from tunix_site.errors import Conflict

pytestmark = pytest.mark.django_db


def next_of(queue, name, after=None):
    return claim_next(queue=queue, by=acting(person(name)), after=after)


def expire(claim: Claim) -> None:
    Claim.objects.filter(pk=claim.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_the_first_one_is_claimed_for_ten_minutes():
    first, _ = TraceFactory.create_batch(2)
    claim = taken(filled(), "ada")
    assert claim.trace == first
    left = claim.expires_at - timezone.now()
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)


def test_it_comes_again_until_it_is_judged():
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    claim = taken(queue, "ada")
    assert taken(queue, "ada") == claim
    judged(claim)
    assert taken(queue, "ada").trace == second
    assert not Claim.objects.filter(trace=first).exists()


def test_a_second_one_is_fetched_beforehand_and_no_third():
    traces = TraceFactory.create_batch(4)
    queue = filled()
    claim = taken(queue, "ada")
    ahead = taken(queue, "ada", after=claim)
    assert [claim.trace, ahead.trace] == traces[:2]
    assert taken(queue, "ada", after=claim) == ahead
    assert taken(queue, "ada") == claim
    beyond = taken(queue, "ada", after=ahead)
    assert beyond == claim
    judged(claim)
    third = taken(queue, "ada", after=ahead)
    assert third.trace == traces[2]
    assert set(Claim.objects.all()) == {ahead, third}
    assert taken(queue, "bob").trace == traces[3]


def test_nothing_is_left_when_others_hold_all():
    TraceFactory()
    queue = filled()
    claim = taken(queue, "ada")
    assert next_of(queue, "bob") is None
    judged(claim)
    assert next_of(queue, "ada") is None


def test_two_work_on_what_two_are_to_judge():
    trace = TraceFactory()
    queue = filled(overlap=1)
    claims = [taken(queue, name) for name in ("ada", "bob")]
    assert {claim.trace for claim in claims} == {trace}
    assert next_of(queue, "eve") is None
    judged(claims[0])
    assert next_of(queue, "ada") is None
    assert next_of(queue, "eve") is None  # bob has it
    expire(claims[1])
    assert taken(queue, "eve").trace == trace


def test_what_is_claimed_in_one_queue_is_free_in_none():
    first, second = TraceFactory.create_batch(2)
    one, other = filled(name="one"), filled(name="other")
    assert taken(one, "ada").trace == first
    assert taken(other, "bob").trace == second
    assert next_of(one, "eve") is None


def test_a_claim_that_expired_is_anybodys():
    trace = TraceFactory()
    queue = filled()
    claim = taken(queue, "ada")
    expire(claim)
    assert taken(queue, "bob").trace == trace
    with pytest.raises(Conflict):
        renew_claim(claim=claim, by=acting(person("ada")))
    with pytest.raises(Conflict, match="expired"):
        judged(claim)
    assert not Review.objects.exists()


def test_a_claim_gives_no_verdict_over_somebody_elses():
    trace = TraceFactory()
    queue = filled()
    claim = taken(queue, "ada")
    review_trace(trace=trace, verdict=Verdict(status="approved"), by=acting(person("bob")))
    with pytest.raises(Conflict, match="Others reviewed it meanwhile: it is approved by now"):
        judged(claim, "rejected")
    trace.refresh_from_db()
    assert (trace.status, Review.objects.count()) == ("approved", 1)


def test_a_claim_counts_where_another_verdict_is_wanted_beside_somebody_elses():
    trace = TraceFactory()
    queue = filled(overlap=1)
    claim = taken(queue, "ada")
    review_trace(trace=trace, verdict=Verdict(status="approved"), by=acting(person("bob")))
    judged(claim, "approved")
    trace.refresh_from_db()
    assert (trace.status, Review.objects.count()) == ("approved", 2)


def test_a_claim_that_expired_counts_while_nobody_wants_the_trace():
    TraceFactory.create_batch(2)
    queue = filled()
    one, two = taken(queue, "ada"), taken(queue, "bob")
    for claim in (one, two):
        expire(claim)
    assert renew_claim(claim=one, by=acting(person("ada"))).expires_at > timezone.now()
    assert judged(two).queue == queue


def test_a_claim_is_renewed_by_who_has_it_alone():
    TraceFactory()
    queue = filled()
    claim = taken(queue, "ada")
    soon = timezone.now() + timedelta(seconds=9)
    Claim.objects.update(expires_at=soon)
    with pytest.raises(NotFound):
        renew_claim(claim=claim, by=acting(person("bob")))
    assert renew_claim(claim=claim, by=acting(person("ada"))).expires_at > soon


def test_what_is_let_go_is_free():
    trace = TraceFactory()
    queue = filled()
    claim = taken(queue, "ada")
    with pytest.raises(NotFound):
        release_claim(claim=claim, by=acting(person("bob")))
    release_claim(claim=claim, by=acting(person("ada")))
    assert taken(queue, "bob").trace == trace
    with pytest.raises(Conflict):
        judged(claim)


def test_what_is_skipped_comes_back_last_to_who_skipped_it():
    first, second, third = TraceFactory.create_batch(3)
    queue = filled()
    for trace in (first, second):
        claim = taken(queue, "ada")
        assert claim.trace == trace
        release_claim(claim=claim, by=acting(person("ada")), skip=True)
    bobs = taken(queue, "bob")
    assert bobs.trace == first
    release_claim(claim=bobs, by=acting(person("bob")))
    order = []
    for _ in range(3):
        claim = taken(queue, "ada")
        order.append(claim.trace)
        judged(claim)
    assert order == [third, first, second]


def test_a_trace_is_claimed_by_name():
    first, second = TraceFactory.create_batch(2)
    queue = filled(people=["ada", "bob"])
    claim = claim_trace(queue=queue, trace=second, by=acting(person("ada")))
    assert claim.trace == second
    with pytest.raises(Conflict):
        claim_trace(queue=queue, trace=second, by=acting(person("bob")))
    with pytest.raises(NotFound):
        claim_trace(queue=queue, trace=TraceFactory(), by=acting(person("ada")))
    with pytest.raises(PermissionDenied):
        claim_trace(queue=queue, trace=first, by=acting(person("eve")))
    judged(claim)
    with pytest.raises(Conflict):
        claim_trace(queue=queue, trace=second, by=acting(person("bob")))


def test_a_queue_is_for_its_people():
    TraceFactory()
    queue = filled(people=["ada"])
    with pytest.raises(PermissionDenied):
        next_of(queue, "bob")
    chief = User.objects.create(username="chief", is_superuser=True)
    assert claim_next(queue=queue, by=acting(chief)) is not None


def test_a_claim_that_came_after_the_first_look_is_seen_by_the_second():
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    bob, soon = person("bob"), timezone.now() + timedelta(minutes=1)

    def claim_first() -> None:
        Claim.objects.create(queue=queue, trace=first, reviewer=bob, expires_at=soon)

    with just_before("INSERT INTO traces_claim", claim_first):
        assert taken(queue, "ada").trace == second


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_meanwhile_gets_another():
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    bobs = []
    with just_before(
        "INSERT INTO traces_claim", lambda: bobs.append(elsewhere(lambda: taken(queue, "bob")))
    ):
        assert taken(queue, "ada").trace == first
    assert [claim.trace for claim in bobs] == [second]


def test_what_waits_for_another_person_is_found_by_all_others():
    traces = TraceFactory.create_batch(30)
    queue = filled(overlap=1)
    for name, judging in (("ada", traces[:20]), ("bob", traces[10:25])):
        for trace in judging:
            by = acting(person(name))
            review_trace(trace=trace, verdict=Verdict(status="approved"), by=by)
    assert taken(queue, "ada").trace == traces[20]
    assert taken(queue, "bob").trace == traces[0]
    assert taken(queue, "eve").trace == traces[1]  # the first has as many as it wants


@pytest.mark.django_db(transaction=True)
def test_what_many_hold_for_a_moment_is_passed_over(monkeypatch):
    monkeypatch.setattr(claims, "LOOKED_AT", 2)
    traces = TraceFactory.create_batch(8)
    queue, ada = filled(), acting(person("ada"))
    with transaction.atomic():
        list(Trace.objects.filter(pk__lt=traces[7].pk).select_for_update())
        claim = elsewhere(lambda: claim_next(queue=queue, by=ada))
    assert claim.trace == traces[7]


@pytest.mark.django_db(transaction=True)
def test_ten_people_review_five_hundred_traces_once_each():
    traces = TraceFactory.create_batch(500)
    queue = filled()
    people = [person(f"person {number}") for number in range(10)]
    held, lock = {}, threading.Lock()

    def work(user):
        by, count = acting(user), 0
        claim = claim_next(queue=queue, by=by)
        while claim is not None:
            ahead = claim_next(queue=queue, by=by, after=claim)
            for one in filter(None, (claim, ahead)):
                with lock:
                    assert held.setdefault(one.trace_id, user) == user
            judged(claim)
            count += 1
            claim = ahead or claim_next(queue=queue, by=by)
        return count

    counts = at_once([lambda user=user: work(user) for user in people])
    assert sum(counts) == len(held) == len(traces)
    assert all(counts)
    assert set(Review.objects.values_list("trace", flat=True)) == set(held)
    assert Review.objects.count() == 500
    assert_counted(queue)
    assert (queue.left_count, Claim.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_ten_people_review_each_trace_twice_where_two_are_wanted():
    TraceFactory.create_batch(60)
    queue = filled(overlap=1)
    people = [person(f"person {number}") for number in range(10)]

    def work(user):
        count = 0
        while claim := claim_next(queue=queue, by=acting(user)):
            judged(claim)
            count += 1
        return count

    counts = at_once([lambda user=user: work(user) for user in people])
    left = sum(counts)
    while left < 120:  # who came when others held the last ones went home
        added = sum(work(user) for user in people)
        assert added
        left += added
    pairs = Review.objects.values_list("trace", "reviewer")
    assert len(set(pairs)) == len(pairs) == 120
    assert_counted(queue)
    assert queue.left_count == 0
