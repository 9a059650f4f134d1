"""What happens when building and deleting meet."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from rest_framework.exceptions import NotFound

from datasets.models import Dataset, DatasetItem
from datasets.recipe.recipe import Recipe
from datasets.services.build import build_dataset
from datasets.services.checking import start_check
from datasets.services.delete import delete_dataset
from datasets.services.hold_out import hold_out
from datasets.services.holding import STILL_THERE
from datasets.tests.factories import BuildRequestFactory, DatasetFactory, UserFactory
from evalsets.tests.factories import EvalSetFactory
from events.models import Event
from events.tests.acting import acting
from jobs.models import Job
from traces.models import Trace
from traces.services.curation import delete_trace
from traces.tests.concurrency import somebody_waits
from traces.tests.factories import TraceFactory
from tunix_site.errors import Conflict, Unavailable
from tunix_site.tests.live import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

HOLDING = "LOCK TABLE"  # the last of a build


@pytest.fixture
def elsewhere():
    """Run a function on another connection."""

    def run(function, **arguments):
        try:
            return function(**arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as threads:
        yield lambda function, **arguments: threads.submit(run, function, **arguments)


def before(beginning, act, *, times=1):
    """Act right before the first statements that begin so."""
    acted = []

    def execute_after(execute, sql, params, many, context):
        if sql.lstrip().startswith(beginning) and len(acted) < times:
            acted.append(True)
            act()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(execute_after)


def test_children_of_one_parent_are_built_side_by_side(elsewhere):
    TraceFactory()
    parent = DatasetFactory()
    first, second = (BuildRequestFactory(parent_key=parent.key) for _ in range(2))
    user = UserFactory()
    with transaction.atomic():
        build_dataset(request=first, by=acting(user))
        child, _ = elsewhere(build_dataset, request=second, by=acting(user)).result(timeout=60)
    assert child.parent == parent
    assert parent.children.count() == 2


def test_a_trace_deleted_while_it_is_selected_is_left_out_by_a_second_attempt(elsewhere):
    traces = TraceFactory.create_batch(2)
    request, user = BuildRequestFactory(), UserFactory()

    def delete():
        elsewhere(delete_trace, trace=traces[0], by=acting()).result()

    with before(HOLDING, delete):
        dataset, created = build_dataset(request=request, by=acting(user))
    assert (created, dataset.trace_count, dataset.funnel[0]["out"]) == (True, 1, 1)
    assert Dataset.objects.get() == dataset


@pytest.mark.parametrize("larger", [False, True])
def test_traces_that_are_deleted_at_every_attempt_are_a_conflict(elsewhere, larger):
    """Within a larger transaction the answer is one that no Idempotency-Key keeps."""
    traces = TraceFactory.create_batch(3)
    error = Unavailable if larger else Conflict
    request, user = BuildRequestFactory(), UserFactory()

    def delete():
        elsewhere(delete_trace, trace=traces.pop(), by=acting()).result()

    def build():
        with transaction.atomic() if larger else nullcontext():
            return build_dataset(request=request, by=acting(user))

    with before(HOLDING, delete, times=2), pytest.raises(error, match="build again"):
        build()
    assert len(traces) == 1
    assert not Dataset.objects.exists()
    assert build()[0].trace_count == len(traces)


@pytest.mark.parametrize("larger", [False, True])
@pytest.mark.parametrize("limit", [2, 3, 9, None])
def test_a_build_counts_what_it_takes(elsewhere, larger, limit):
    """Within a larger transaction each statement sees its own state."""
    TraceFactory.create_batch(3, meta={"source": "here"})
    TraceFactory()
    recipe = Recipe(filters={"source": "here"}, limit=limit, seed=1, splits={"all": 1.0})
    request, user = BuildRequestFactory(recipe=recipe), UserFactory()

    def arrive():
        elsewhere(TraceFactory, meta={"source": "here"}).result()

    with (
        transaction.atomic() if larger else nullcontext(),
        before("CREATE TEMPORARY TABLE", arrive),
    ):
        dataset, _ = build_dataset(request=request, by=acting(user))
    assert Trace.objects.count() == 5
    matched = 4 if larger and limit != 2 else 3
    kept = min(matched, limit or matched)
    assert (dataset.matched_count, dataset.trace_count) == (matched, kept)
    lines = [(line["in"], line["out"]) for line in dataset.funnel]
    assert lines == [(matched + 1, matched), (matched, kept), (kept, kept)]


def test_traces_may_be_curated_while_they_are_selected(elsewhere):
    trace = TraceFactory()
    request, user = BuildRequestFactory(), UserFactory()

    def curate():
        elsewhere(Trace.objects.update, status="approved").result()

    with before(HOLDING, curate):
        dataset, _ = build_dataset(request=request, by=acting(user))
    assert [item.trace for item in dataset.items.all()] == [trace]


def test_a_dataset_built_while_its_trace_is_deleted_keeps_it(elsewhere):
    trace = TraceFactory()
    request, user = BuildRequestFactory(), UserFactory()

    def build():
        elsewhere(build_dataset, request=request, by=acting(user)).result()

    with before('DELETE FROM "traces_trace"', build), pytest.raises(Conflict, match="just built"):
        delete_trace(trace=trace, by=acting())
    assert Trace.objects.get() == DatasetItem.objects.get().trace


def test_whoever_deletes_a_trace_waits_for_a_dataset_that_is_about_to_be_there(elsewhere):
    trace = TraceFactory()
    request, user = BuildRequestFactory(), UserFactory()
    with transaction.atomic():
        build_dataset(request=request, by=acting(user))
        deleting = elsewhere(delete_trace, trace=trace, by=acting())
        wait_until(somebody_waits)
    with pytest.raises(Conflict, match="just built"):
        deleting.result()
    assert DatasetItem.objects.get().trace == trace


@pytest.mark.parametrize("committed", [True, False])
def test_a_build_waits_for_whoever_deletes_a_trace(elsewhere, committed):
    kept, trace = TraceFactory.create_batch(2)
    request, user = BuildRequestFactory(), UserFactory()
    with transaction.atomic():
        delete_trace(trace=trace, by=acting())
        building = elsewhere(build_dataset, request=request, by=acting(user))
        wait_until(somebody_waits)
        transaction.set_rollback(not committed)
    dataset, _ = building.result()
    there = {kept.pk} if committed else {kept.pk, trace.pk}
    assert {item.trace_id for item in dataset.items.all()} == there


def test_a_build_that_looks_at_its_traces_does_not_block_whoever_deletes_one(elsewhere):
    """Each would wait for the other, if the row were locked before the table."""
    trace = TraceFactory(meta={"source": "here"})
    other = TraceFactory()
    recipe = Recipe(filters={"source": "here"})
    request, user, deleting = BuildRequestFactory(recipe=recipe), UserFactory(), []

    def delete_other():
        elsewhere(delete_trace, trace=other, by=acting()).result()

    def delete():
        deleting.append(elsewhere(delete_trace, trace=trace, by=acting()))
        wait_until(somebody_waits)

    with before(HOLDING, delete_other), before(STILL_THERE.strip(), delete):
        dataset, _ = build_dataset(request=request, by=acting(user))
    with pytest.raises(Conflict, match="just built"):
        deleting[0].result()
    assert dataset.items.get().trace == trace


def test_other_traces_may_be_deleted_while_a_dataset_is_built(elsewhere):
    TraceFactory(meta={"source": "here"})
    other = TraceFactory()
    request = BuildRequestFactory(recipe=Recipe(filters={"source": "here"}))

    def delete():
        elsewhere(delete_trace, trace=other, by=acting()).result()

    with before(HOLDING, delete):
        dataset, _ = build_dataset(request=request, by=acting(UserFactory()))
    assert (dataset.trace_count, Trace.objects.count()) == (1, 1)


def test_builds_and_deletions_do_not_wait_for_their_own_kind(elsewhere):
    one, other = TraceFactory.create_batch(2)
    requests, user = BuildRequestFactory.create_batch(2), UserFactory()
    with transaction.atomic():
        build_dataset(request=requests[0], by=acting(user))
        assert elsewhere(build_dataset, request=requests[1], by=acting(user)).result()[1]
    for dataset in Dataset.objects.all():
        delete_dataset(dataset=dataset, by=acting())
    with transaction.atomic():
        delete_trace(trace=one, by=acting())
        elsewhere(delete_trace, trace=other, by=acting()).result()
    assert not Trace.objects.exists()


def test_traces_are_deleted_by_who_sees_the_datasets_of_now():
    trace = TraceFactory()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(DatabaseError, match="READ COMMITTED"):
            trace.delete()
        transaction.set_rollback(True)


@pytest.mark.parametrize("deleted", [True, False])
def test_a_child_waits_for_whoever_deletes_its_parent(elsewhere, deleted):
    TraceFactory()
    parent = DatasetFactory(name="parent")
    request, user = BuildRequestFactory(name="child", parent_key="parent-1"), UserFactory()
    with transaction.atomic():
        delete_dataset(dataset=parent, by=acting())
        building = elsewhere(build_dataset, request=request, by=acting(user))
        wait_until(somebody_waits)
        transaction.set_rollback(not deleted)
    child, _ = building.result()
    assert child.parent_dataset_id == "parent-1"
    assert (child.parent is None) is deleted


def test_a_parent_waits_for_the_child_that_is_being_built(elsewhere):
    TraceFactory()
    parent = DatasetFactory(name="parent")
    with transaction.atomic():
        DatasetFactory(name="child", parent_key="parent-1")
        deleting = elsewhere(delete_dataset, dataset=parent, by=acting())
        wait_until(somebody_waits)
    with pytest.raises(Conflict, match="is the parent of: child-1"):
        deleting.result()


@pytest.mark.parametrize("committed", [True, False])
def test_the_same_name_waits_for_whoever_builds_it(elsewhere, committed):
    TraceFactory()
    request, user = BuildRequestFactory(), UserFactory()
    with transaction.atomic():
        first, _ = build_dataset(request=request, by=acting(user))
        building = elsewhere(build_dataset, request=request, by=acting(user))
        wait_until(somebody_waits)
        transaction.set_rollback(not committed)
    dataset, created = building.result()
    assert created is not committed
    assert (dataset.build_id == first.build_id) is committed
    assert Dataset.objects.get() == dataset


def test_another_broken_rule_is_not_taken_for_a_taken_name():
    TraceFactory()
    with pytest.raises(IntegrityError, match="session_id"):
        build_dataset(request=BuildRequestFactory(session_id=None), by=acting(UserFactory()))


def test_a_dataset_that_somebody_deletes_meanwhile_is_not_found(elsewhere):
    TraceFactory()
    dataset = DatasetFactory()
    with transaction.atomic():
        delete_dataset(dataset=dataset, by=acting())
        second = elsewhere(delete_dataset, dataset=dataset, by=acting())
        wait_until(somebody_waits)
    with pytest.raises(NotFound):
        second.result()
    assert Event.objects.filter(action="delete", object_type="dataset").count() == 1


def test_a_deletion_waits_for_the_evaluation_set_that_is_made_of_it(elsewhere):
    TraceFactory(meta={"reference_answer": "4"})
    dataset = DatasetFactory(name="sums")
    deletions = []

    def delete_it():
        deletions.append(elsewhere(delete_dataset, dataset=dataset, by=acting()))
        wait_until(lambda: somebody_waits() or deletions[0].done())

    with before("INSERT INTO", delete_it):
        evalset, _, created = hold_out(name="held out", version="1", key="sums-1", by=acting())
    deletions[0].result()
    assert created
    assert evalset.item_count == 1
    assert not Dataset.objects.existing().exists()


def test_two_who_look_for_a_set_at_the_same_time_start_one_job(elsewhere):
    TraceFactory()
    asked = {
        "dataset": DatasetFactory(),
        "eval_set": EvalSetFactory().key,
        "by": acting(UserFactory()),
    }
    others = []

    def ask_as_well():
        others.append(elsewhere(start_check, **asked))
        wait_until(somebody_waits)

    with before('INSERT INTO "jobs_job"', ask_as_well):
        job = start_check(**asked)
    assert others[0].result(timeout=60) == job
    assert Job.objects.get() == job
