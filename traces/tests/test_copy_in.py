"""What is written by COPY is what was sent, whatever characters it holds."""

import json

import pytest
import uuid_utils
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from events.tests.acting import acting
from traces.copy_in import row_of
from traces.document import TraceDocument
from traces.intake.bodies import read_batch
from traces.models import Trace
from traces.services.storing import create_traces
from traces.tests.factories import BodyFactory, TraceFactory
from traces.tests.strategies import quickly, traces

pytestmark = pytest.mark.django_db

ODD_TEXTS = [
    *("\1", "\2", "\1\2\1", '"', "'", "\\", "\\.", "\n\\.\n", "\\N", "\\n", "\\x00", "\\u0000"),
    *("\n", "\r", "\r\n", "\t", " ", "\b\f\v", "\x7f", "\x1f", "\x85", "\u2028\u2029", "\ufeff"),
    *("\ufffe\uffff", "\U0010ffff", "😀\u200d👧", "e\u0301é", "\u202eabc", ",", ";", "{}", "$$"),
    *("%s", "NULL"),
]
HASHES = ("content_hash", "prompt_hash")


def odd_body(odd: str) -> dict:
    return {
        "trace_version": odd,
        "prompt": odd,
        "final_answer": odd,
        "steps": [{"i": 0, "type": odd, "content": odd}],
        "meta": {odd: {odd: [odd]}, "source": odd},
        "messages": [{"role": odd, "content": {odd: odd}, odd: odd}],
        "tags": [odd],
    }


def prepared(**fields):
    document = TraceDocument(**BodyFactory(**fields))
    now = timezone.now()
    return row_of(document, identity=uuid_utils.uuid7(), created_at=now, status="flagged")


@pytest.mark.parametrize("ignore_conflicts", [True, False])
@pytest.mark.parametrize("count", [1, 2, 60])
def test_prepared_rows_are_written_as_traces_are(count, ignore_conflicts):
    rows = [prepared(external_id=f"q-{number}", tags=["a"]) for number in range(count)]
    written = Trace.objects.bulk_create(iter(rows), ignore_conflicts=ignore_conflicts)
    assert written == rows
    found = {str(trace.pk): trace for trace in Trace.objects.all()}
    assert len(found) == count
    for row in rows:
        trace = found[str(row.id)]
        for name in set(row.__struct_fields__) - {"id"}:
            stored = getattr(trace, name)
            assert (stored.hex if name in HASHES else stored) == getattr(row, name)


@pytest.mark.parametrize("named", [True, False], ids=["with ids", "without"])
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in a batch"])
def test_odd_text_is_stored_as_it_was_sent(writer, alone, named):
    bodies = [{**odd_body(odd), **({"external_id": odd} if named else {})} for odd in ODD_TEXTS]
    if alone:
        entries = [writer.post("/api/traces", body, format="json").json() for body in bodies]
    else:
        entries = writer.post("/api/traces/batch", bodies, format="json").json()["traces"]
    for body, entry in zip(bodies, entries, strict=True):
        stored = writer.get(f"/api/traces/{entry['id']}").json()
        shown = {**stored["payload"], **stored}
        assert {key: shown[key] for key in body} == body
        assert stored["source"] == body["prompt"]


unnamed = traces.filter(lambda body: "external_id" not in body)  # equal ids would collide


@quickly
@given(st.lists(unnamed, min_size=1, max_size=4))
def test_any_traces_are_stored_as_they_were_sent(bodies):
    documents = read_batch(json.dumps(bodies).encode()).documents
    stored = create_traces(documents=documents, skip_taken=False, by=acting()).traces
    for body, trace in zip(bodies, stored, strict=True):
        found = Trace.objects.get(pk=str(trace.id))
        expected = {**body, "meta": body.get("meta") or {}, "tags": body.get("tags", [])}
        expected["steps"] = sorted(body["steps"], key=lambda step: step["i"])
        assert {**found.payload, "tags": found.tags} == expected


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
def test_bulk_create_writes_every_field_of_traces(ignore_conflicts):
    full = TraceFactory.build(
        external_id="q-1",
        tags=["a"],
        messages=[{"role": "u", "content": 1}],
        original={"text": '\1 \2 \n "ü"'},
        status="flagged",
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
    written = Trace.objects.bulk_create(traces, ignore_conflicts=True)
    assert written == [traces[0], traces[2]]
    assert [trace._state.adding for trace in traces] == [False, True, False]
    assert set(Trace.objects.all()) == {held, traces[0], traces[2]}


def test_bulk_create_leaves_out_one_that_is_taken():
    held = TraceFactory(external_id="q-1")
    other = TraceFactory.build(external_id="q-1")
    assert Trace.objects.bulk_create([other], ignore_conflicts=True) == []
    assert other._state.adding
    assert set(Trace.objects.all()) == {held}


@pytest.mark.parametrize("count", [1, 2])
def test_bulk_create_ignores_no_id_that_is_there(count):
    """Nothing but a bug of ours gives an id twice: it must not pass for a conflict of names."""
    traces = TraceFactory.build_batch(count)
    Trace.objects.bulk_create(traces)
    with pytest.raises(IntegrityError, match="traces_trace_pkey"), transaction.atomic():
        Trace.objects.bulk_create(traces, ignore_conflicts=True)
