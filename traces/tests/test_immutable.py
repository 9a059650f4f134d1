"""The content of a trace never changes, whoever tries."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        {"id": "01890000-0000-7000-8000-000000000000"},
        {"created_at": "2020-01-01T00:00:00Z"},
        {"trace_version": "2"},
        {"prompt": "another"},
        {"final_answer": "another"},
        {"steps": []},
        {"meta": {"source": "made_up", "more": 1}},
        {"source": "another"},
        {"external_id": "q-2"},
        {"external_id": None},
        {"messages": []},
        {"content_hash": "01890000-0000-7000-8000-000000000000"},
        {"prompt_hash": "01890000-0000-7000-8000-000000000000"},
        {"step_count": 7},
        {"total_chars": 7},
        {"parts": 7},
    ],
)
def test_content_cannot_be_updated(change):
    TraceFactory(external_id="q-1")
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Trace.objects.update(**change)


def test_content_cannot_be_saved_over():
    trace = TraceFactory()
    trace.prompt += "?"
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        trace.save()
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Trace.objects.bulk_update([trace], ["prompt"])


def test_content_cannot_be_changed_in_sql():
    TraceFactory()
    with (
        pytest.raises(IntegrityError, match="never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE traces_trace SET steps = steps || '[{}]', status = 'approved'")
    assert Trace.objects.get().status == "unreviewed"


def test_a_column_that_is_added_later_cannot_be_changed():
    TraceFactory()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE traces_trace ADD later integer DEFAULT 1")
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            cursor.execute("UPDATE traces_trace SET later = 2")


def test_curation_changes_status_and_tags():
    TraceFactory()
    assert Trace.objects.update(status="approved", tags=["a"], prompt=Trace.objects.get().prompt)
    assert (Trace.objects.get().status, Trace.objects.get().tags) == ("approved", ["a"])


@pytest.mark.parametrize(("field", "value"), [("status", "good"), ("step_count", 0)])
def test_no_row_is_nonsense(field, value):
    trace = TraceFactory.build()
    setattr(trace, field, value)
    with pytest.raises(IntegrityError, match="violates check"), transaction.atomic():
        trace.save(force_insert=True)


@pytest.mark.parametrize(
    "options",
    [
        {"update_conflicts": True},
        {"update_fields": ["prompt"]},
        {"unique_fields": ["id"]},
        {
            "update_conflicts": True,
            "update_fields": ["status"],
            "unique_fields": ["source", "external_id"],
        },
        {"batch_size": 100},
    ],
)
@pytest.mark.parametrize("ignore_conflicts", [True, False])
def test_bulk_create_refuses_what_it_cannot_honour(options, ignore_conflicts):
    traces = TraceFactory.build_batch(2)
    with pytest.raises(ValueError, match=r"never updated|no batch size"):
        Trace.objects.bulk_create(traces, ignore_conflicts=ignore_conflicts, **options)
    assert not Trace.objects.exists()


@pytest.mark.parametrize("ignore_conflicts", [True, False])
def test_bulk_create_writes_every_field(ignore_conflicts):
    full = TraceFactory.build(
        external_id="q-1", tags=["a"], messages=[{"role": "u", "content": 1}], status="flagged"
    )
    traces = [full, TraceFactory.build(meta=None)]
    written = Trace.objects.bulk_create(iter(traces), ignore_conflicts=ignore_conflicts)
    assert written == traces
    assert not any(trace._state.adding for trace in written)
    for trace in traces:
        found = Trace.objects.get(pk=trace.pk)
        for field in Trace._meta.concrete_fields:
            assert getattr(found, field.name) == getattr(trace, field.name)


@pytest.mark.parametrize("ignore_conflicts", [True, False])
def test_bulk_create_of_nothing_is_nothing(ignore_conflicts):
    assert Trace.objects.bulk_create([], ignore_conflicts=ignore_conflicts) == []


def test_bulk_create_writes_all_or_none():
    TraceFactory(external_id="q-1")
    traces = [TraceFactory.build(), TraceFactory.build(external_id="q-1")]
    with (
        pytest.raises(IntegrityError, match="one_trace_per_source_and_external_id"),
        transaction.atomic(),
    ):
        Trace.objects.bulk_create(traces)
    assert Trace.objects.count() == 1


def test_bulk_create_leaves_out_what_is_taken():
    held = TraceFactory(external_id="q-1")
    traces = TraceFactory.build_batch(3)
    traces[1].external_id = "q-1"
    Trace.objects.bulk_create(traces, ignore_conflicts=True)
    assert set(Trace.objects.all()) == {held, traces[0], traces[2]}


def test_a_trace_is_named_by_its_id():
    trace = TraceFactory()
    assert uuid.UUID(str(trace)) == trace.id
