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
        {"original": {"solution": "another"}},
        {"original": None},
        {"content_hash": "01890000-0000-7000-8000-000000000000"},
        {"prompt_hash": "01890000-0000-7000-8000-000000000000"},
        {"step_count": 7},
        {"total_chars": 7},
        {"parts": 7},
    ],
)
def test_content_cannot_be_updated(change):
    TraceFactory(external_id="q-1", original={"solution": "one"})
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


def test_a_trace_is_named_by_its_id():
    trace = TraceFactory()
    assert uuid.UUID(str(trace)) == trace.id
