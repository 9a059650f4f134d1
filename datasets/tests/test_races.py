"""What happens when building and deleting meet."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from datasets.models import Dataset, DatasetItem
from datasets.services.build import build_dataset
from datasets.services.delete import delete_dataset
from datasets.tests.factories import BuildRequestFactory, DatasetFactory, UserFactory
from events.tests.acting import acting
from traces.models import Trace
from traces.services.curation import delete_trace
from traces.tests.factories import TraceFactory
from tunix_site.errors import Conflict
from tunix_site.tests.live import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


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


def before(beginning, act):
    """Act once, right before the first statement that begins so."""
    acted = []

    def execute_after(execute, sql, params, many, context):
        if sql.startswith(beginning) and not acted:
            acted.append(True)
            act()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(execute_after)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def test_a_trace_deleted_while_it_is_selected_is_a_conflict(elsewhere):
    traces = TraceFactory.create_batch(2)
    request, user = BuildRequestFactory(), UserFactory()

    def delete():
        elsewhere(delete_trace, trace=traces[0], by=acting()).result()

    with before("SET CONSTRAINTS", delete), pytest.raises(Conflict, match="build again"):
        build_dataset(request=request, user=user)
    assert not Dataset.objects.exists()
    dataset, created = build_dataset(request=request, user=user)
    assert (created, dataset.trace_count) == (True, 1)


def test_a_dataset_built_while_its_trace_is_deleted_keeps_it(elsewhere):
    trace = TraceFactory()
    request, user = BuildRequestFactory(), UserFactory()

    def build():
        elsewhere(build_dataset, request=request, user=user).result()

    with before('DELETE FROM "traces_trace"', build), pytest.raises(Conflict, match="just built"):
        delete_trace(trace=trace, by=acting())
    assert Trace.objects.get() == DatasetItem.objects.get().trace


@pytest.mark.parametrize("deleted", [True, False])
def test_a_child_waits_for_whoever_deletes_its_parent(elsewhere, deleted):
    TraceFactory()
    parent = DatasetFactory(name="parent")
    request, user = BuildRequestFactory(name="child", parent_key="parent-1"), UserFactory()
    with transaction.atomic():
        delete_dataset(dataset=parent)
        building = elsewhere(build_dataset, request=request, user=user)
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
        deleting = elsewhere(delete_dataset, dataset=parent)
        wait_until(somebody_waits)
    with pytest.raises(Conflict, match="is the parent of: child-1"):
        deleting.result()


@pytest.mark.parametrize("committed", [True, False])
def test_the_same_name_waits_for_whoever_builds_it(elsewhere, committed):
    TraceFactory()
    request, user = BuildRequestFactory(), UserFactory()
    with transaction.atomic():
        first, _ = build_dataset(request=request, user=user)
        building = elsewhere(build_dataset, request=request, user=user)
        wait_until(somebody_waits)
        transaction.set_rollback(not committed)
    dataset, created = building.result()
    assert created is not committed
    assert (dataset.build_id == first.build_id) is committed
    assert Dataset.objects.get() == dataset


def test_another_broken_rule_is_not_taken_for_a_taken_name():
    TraceFactory()
    with pytest.raises(IntegrityError, match="session_id"):
        build_dataset(request=BuildRequestFactory(session_id=None), user=UserFactory())
