"""Queues are filled with what matches, in the order that was asked for."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from events.models import Event
from events.tests.acting import acting
from jobs.errors import JobCancelled
from jobs.models import Job, State
from jobs.services.queue import requeue_job
from jobs.tests.working import work_off
from traces.curation.members import QueueMember
from traces.curation.queues import Queue
from traces.models import Trace
from traces.services import walking
from traces.services.queues import filling, queues
from traces.services.queues.claims import claim_next
from traces.services.queues.queues import NewQueue, change_queue, create_queue, delete_queue
from traces.services.reviews import Verdict, review_trace
from traces.services.walking import id_batches
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.queues.working import assert_counted, filled, person, taken
from tunix_site.errors import Conflict, Invalid

pytestmark = pytest.mark.django_db


def in_order(queue: Queue) -> list:
    members = queue.members.order_by("filling", "rank", "trace")
    return list(members.values_list("trace", flat=True))


def test_what_matches_is_in_it():
    mine = TraceFactory.create_batch(3, meta={"source": "mine"})
    TraceFactory(meta={"source": "other"})
    queue = filled(where={"source": "mine"})
    assert in_order(queue) == [trace.pk for trace in mine]
    assert (queue.member_count, queue.left_count) == (3, 3)
    job = Job.objects.get(pk=queue.job)
    assert (job.kind, job.state, job.done, job.total) == ("fill_queue", State.SUCCEEDED, 3, 3)
    assert job.result == {"added_count": 3}


def test_a_queue_is_made_though_what_matches_takes_long_to_count(monkeypatch):
    TraceFactory()
    slow = Trace.objects.extra(where=["(SELECT pg_sleep(60)::text) IS NOT NULL"])
    with monkeypatch.context() as patched:
        patched.setattr(walking, "COUNT_SECONDS", 0.05)
        patched.setattr(queues, "traces_of", lambda **_: slow)
        queue = create_queue(
            new=NewQueue(name="sums", where={}, order="oldest"), by=acting(person("lead"))
        )
    assert Job.objects.get(pk=queue.job).total is None
    work_off("queues")
    assert_counted(queue)
    assert queue.member_count == 1


def test_the_random_order_is_that_of_a_hash():
    traces = TraceFactory.create_batch(20)
    queue = filled(order="random", seed=7)

    def first_bits(trace) -> bytes:
        return hashlib.sha256(f"queue:7:{trace.pk}".encode()).digest()[:6]

    assert in_order(queue) == [trace.pk for trace in sorted(traces, key=first_bits)]


def test_the_order_by_score_is_by_the_newest_and_ends_with_what_has_none():
    low, high, undecided, without = TraceFactory.create_batch(4)
    ScoreFactory(trace=high, criteria="judge", value=0.1)
    ScoreFactory(trace=high, criteria="judge", scorer_version="2", value=0.9)
    ScoreFactory(trace=low, criteria="judge", value=0.5)
    ScoreFactory(trace=undecided, criteria="judge", value=None, details={"outcome": "undecided"})
    ScoreFactory(trace=without, criteria="other", value=0)
    queue = filled(order="score", criteria="judge")
    assert in_order(queue) == [low.pk, high.pk, undecided.pk, without.pk]


def test_the_order_by_disagreement_begins_with_the_prompt_whose_answers_differ_most():
    alone = TraceFactory(prompt="alone")
    agreed = [TraceFactory(prompt="agreed", final_answer="1") for _ in range(3)]
    split = [TraceFactory(prompt="split", final_answer=answer) for answer in "123"]
    partly = [TraceFactory(prompt="partly", final_answer=answer) for answer in "112"]
    found = in_order(filled(order="disagreement"))
    assert found[:3] == [trace.pk for trace in split]
    assert found[3:6] == [trace.pk for trace in partly]
    assert set(found[6:]) == {trace.pk for trace in [alone, *agreed]}


def test_the_share_that_two_review_follows_from_the_seed():
    TraceFactory.create_batch(200)
    queues = [filled(name=name, overlap=0.3, seed=seed) for name, seed in (("a", 1), ("b", 1))]
    twice = [set(queue.members.filter(wanted=2).values_list("trace")) for queue in queues]
    assert twice[0] == twice[1]
    assert 30 < len(twice[0]) < 90
    other = filled(name="c", overlap=0.3, seed=2)
    assert set(other.members.filter(wanted=2).values_list("trace")) != twice[0]
    assert not filled(name="d").members.exclude(wanted=1).exists()
    assert not filled(name="e", overlap=1).members.exclude(wanted=2).exists()


def test_a_filling_that_breaks_off_goes_on(monkeypatch):
    TraceFactory.create_batch(5)
    monkeypatch.setattr(filling, "ADDED_AT_ONCE", 2)
    queue = create_queue(
        new=NewQueue(name="sums", where={}, order="oldest"), by=acting(person("lead"))
    )
    job = Job.objects.get(pk=queue.job)
    add, calls = filling._add, []

    def adding(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise JobCancelled
        return add(*arguments)

    monkeypatch.setattr(filling, "_add", adding)
    work_off("queues")
    assert_counted(queue)
    assert queue.member_count == 2
    requeue_job(job=job, counts=True)
    work_off("queues")
    assert_counted(queue)
    assert (queue.member_count, queue.filling) == (5, 1)


def test_what_comes_later_is_added_behind():
    first = TraceFactory.create_batch(2)
    queue = filled(order="random")
    later = TraceFactory()
    taken(queue, "ada")
    assert Job.objects.count() == 1  # it was filled just now
    long_ago = timezone.now() - timedelta(minutes=11)
    Queue.objects.update(filled_at=long_ago)
    queue.refresh_from_db()
    taken(queue, "bob")
    queue.refresh_from_db()
    claim_next(queue=queue, by=acting(person("eve")))
    assert Job.objects.count() == 2  # once, whoever asks
    work_off("queues")
    assert_counted(queue)
    assert in_order(queue)[2:] == [later.pk]
    assert set(in_order(queue)[:2]) == {trace.pk for trace in first}
    Queue.objects.update(filled_at=long_ago)
    queue.refresh_from_db()
    claim_next(queue=queue, by=acting(person("bob")))
    assert Job.objects.count() == 2  # nothing has come since


@pytest.mark.parametrize("kind", ["import", "import_file"])
def test_what_an_import_brings_at_its_end_is_added_though_it_began_long_ago(kind):
    now = timezone.now()
    began = now - timedelta(hours=3)
    job = Job.objects.create(kind=kind, state=State.RUNNING, started_at=began)
    TraceFactory()
    queue = filled()
    imported = TraceFactory.build()
    milliseconds = int((began + timedelta(minutes=1)).timestamp() * 1000)
    imported.id = UUID(int=(milliseconds << 80) + (7 << 76) + (2 << 62))
    imported.save(force_insert=True)
    Job.objects.filter(pk=job.pk).update(state=State.SUCCEEDED, finished_at=timezone.now())
    last = TraceFactory()
    Queue.objects.update(filled_at=now - timedelta(minutes=11))
    queue.refresh_from_db()
    claim_next(queue=queue, by=acting(person("ada")))
    work_off("queues")
    assert in_order(queue)[1:] == [imported.pk, last.pk]
    assert_counted(queue)


def test_what_comes_to_match_is_added_however_old_it_is():
    right, wrong = TraceFactory.create_batch(2)
    ScoreFactory(trace=right, criteria="sums", value=1)
    queue = filled(where={"criteria": "sums", "max_score": 0.5})
    assert queue.member_count == 0
    ScoreFactory(trace=wrong, criteria="sums", value=0)
    Queue.objects.update(filled_at=timezone.now() - timedelta(minutes=11))
    queue.refresh_from_db()
    claim_next(queue=queue, by=acting(person("ada")))
    work_off("queues")
    assert taken(queue, "ada").trace == wrong
    assert_counted(queue)


@pytest.mark.django_db(transaction=True)
def test_what_is_judged_meanwhile_is_no_member():
    trace, left = TraceFactory.create_batch(2)
    verdict = Verdict(status="approved")

    def judge() -> None:
        review_trace(trace=trace, verdict=verdict, by=acting(person("ada")))

    with just_before("FOR NO KEY UPDATE OF", lambda: elsewhere(judge)):
        queue = filled(where={"status": "unreviewed"})
    assert in_order(queue) == [left.pk]
    assert_counted(queue)


def test_a_name_is_taken_until_its_queue_is_deleted():
    queue = filled()
    with pytest.raises(Conflict):
        filled()
    delete_queue(queue=queue, by=acting(person("lead")))
    assert filled().pk != queue.pk


def test_a_queue_that_is_deleted_is_filled_no_more():
    TraceFactory()
    queue = create_queue(
        new=NewQueue(name="sums", where={}, order="oldest"), by=acting(person("lead"))
    )
    delete_queue(queue=queue, by=acting(person("lead")))
    work_off("queues")
    assert_counted(queue)
    assert queue.member_count == 0


def test_a_queue_that_is_deleted_while_it_is_filled_keeps_what_was_counted(monkeypatch):
    traces = TraceFactory.create_batch(3)
    monkeypatch.setattr(filling, "ADDED_AT_ONCE", 2)
    by = acting(person("lead"))
    queue = create_queue(new=NewQueue(name="sums", where={}, order="oldest"), by=by)

    def deleted_behind_the_first(**options):
        batches = id_batches(**options)
        yield next(batches)
        delete_queue(queue=queue, by=by)
        yield from batches

    monkeypatch.setattr(filling, "id_batches", deleted_behind_the_first)
    work_off("queues")
    assert_counted(queue)
    assert queue.member_count == 2
    for trace in traces:
        review_trace(trace=trace, verdict=Verdict(status="approved"), by=acting(person("ada")))
    assert Trace.objects.filter(status="approved").count() == 3


def test_people_have_to_be_there():
    with pytest.raises(Invalid) as refused:
        create_queue(
            new=NewQueue(name="sums", where={}, order="oldest", people=["lead", "nobody"]),
            by=acting(person("lead")),
        )
    assert refused.value.detail == {"people": {"1": ["There is no such user: nobody."]}}
    assert not Queue.objects.exists()


def test_another_guideline_is_another_version():
    by = acting(person("lead"))
    queue = filled(guideline="Be kind.")
    for text in ("Be kind.", "Be strict.", "Be strict."):
        change_queue(queue=queue, changes={"guideline": text}, by=by)
    assert list(queue.guidelines.values_list("version", "text")) == [
        (2, "Be strict."),
        (1, "Be kind."),
    ]
    assert queue.guideline.version == 2
    told = Event.objects.filter(object_type="queue").values()
    assert [event["action"] for event in told].count("change") == 1
    assert "kind" not in str(list(told))


def test_a_trace_that_is_deleted_leaves_its_queues(curator):
    gone, done, _ = TraceFactory.create_batch(3)
    queue = filled()
    review_trace(trace=done, verdict=Verdict(status="approved"), by=acting(person("ada")))
    assert_counted(queue)
    for trace in (gone, done):
        assert curator.delete(f"/api/traces/{trace.pk}").status_code == 204
    assert_counted(queue)
    assert (queue.member_count, queue.left_count) == (1, 1)
    assert QueueMember.objects.count() == 1
