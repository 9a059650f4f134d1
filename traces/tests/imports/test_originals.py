"""What an import cuts off of a source record: beside the trace, whole, and out of the way."""

import json

import pytest

from traces.models import Trace
from traces.tests.factories import BodyFactory
from traces.tests.imports.sending import send, worked

pytestmark = pytest.mark.django_db

TEXT = "A long way to put it. " * 10
ABOUT = {"level": 5, "type": "Algebra", "checked": True, "none": None}
CUT = {"remark": TEXT, "tags": ["a", "b"], "about": {"by": "hand"}}
RECORD = {**worked(1), **ABOUT, **CUT}


def line_of(trace: Trace) -> dict:
    """Give the line of a `record` export."""
    return {
        **trace.payload,
        "external_id": trace.external_id,
        "id": str(trace.id),
        "created_at": trace.created_at.isoformat(),
        "status": trace.status,
        "tags": trace.tags,
        "scores": [],
        "split": "",
        "original": trace.original,
    }


def test_what_is_short_stays_in_meta_and_the_rest_is_kept_beside(writer, reader):
    send(writer, [RECORD, {**RECORD, "remark": "short"}])
    trace, other = Trace.objects.order_by("id")
    answer = {"answer": RECORD["answer"]}
    assert trace.meta["record"] == {**answer, **ABOUT}
    assert trace.original == CUT
    assert other.meta["record"] == {**answer, **ABOUT, "remark": "short"}
    assert other.original == {"tags": ["a", "b"], "about": {"by": "hand"}}
    shown = reader.get(f"/api/traces/{trace.id}").json()
    assert (shown["original"], shown["payload"]) == (CUT, trace.payload)


def test_of_most_records_nothing_is_cut_off(writer):
    send(writer, [worked(1), {"prompt": "2+2?", "completion": "4"}])
    send(writer, [BodyFactory(meta={"source": "s", "record": {"text": TEXT}})])
    assert set(Trace.objects.values_list("original", flat=True)) == {None}
    assert Trace.objects.first().meta["record"] == {"text": TEXT}


def test_what_is_cut_off_is_in_no_list_and_no_filter_finds_it(writer, reader):
    send(writer, [RECORD])
    [row] = reader.get("/api/traces?meta.record.level=5&meta.record.type=Algebra").json()["results"]
    assert TEXT not in json.dumps(row)
    for path in ("meta.record.remark", "meta.record.about.by", "meta.original.remark"):
        value = "hand" if path.endswith("by") else TEXT
        assert not reader.get("/api/traces", {path: value}).json()["results"]


def test_a_dry_run_shows_it(writer):
    [shown, other] = send(writer, [RECORD, worked(2)], "?dry_run=true").json()["traces"]
    assert shown["original"] == CUT
    assert "original" not in other


@pytest.mark.parametrize("route", ["", "/batch", "/import"])
@pytest.mark.parametrize("original", [CUT, None])
def test_a_trace_brings_none(writer, route, original):
    body = {**BodyFactory(), "original": original}
    if route == "/import":
        [error] = send(writer, [body], "?format=trace").json()["errors"]
        assert error["field"] == "original"
        said = error["message"]
    else:
        data = [body] if route else body
        answer = writer.post(f"/api/traces{route}", data, format="json")
        assert answer.status_code == 400
        [said] = (answer.json()["errors"][0]["errors"] if route else answer.json())["original"]
    assert said.startswith("Unknown field. It holds what an import cut off of a source record")
    assert not Trace.objects.exists()


def test_it_never_changes(curator, writer):
    send(writer, [RECORD])
    trace = Trace.objects.get()
    answer = curator.patch(f"/api/traces/{trace.id}", {"original": {}}, format="json")
    assert answer.json()["original"][0].startswith("The content of a trace never changes")
    send(writer, [{**line_of(trace), "original": {"remark": "another"}}])
    assert Trace.objects.get().original == CUT


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("record", [RECORD, worked(1)])
def test_records_of_our_own_bring_it_back(writer, record, as_text):
    send(writer, [record])
    trace = Trace.objects.get()
    line = line_of(trace)
    if as_text:
        texts = ("meta", "tags", "scores", "original")
        line |= {name: json.dumps(line[name]) for name in texts}
    trace.delete()
    assert send(writer, [line]).json()["created_count"] == 1
    again = Trace.objects.get()
    assert (again.payload, again.original) == (trace.payload, trace.original)


def test_records_of_before_there_was_one_are_divided(writer):
    send(writer, [RECORD])
    trace = Trace.objects.get()
    line = line_of(trace)
    del line["original"]
    line["meta"] = {**trace.meta, "record": {**trace.meta["record"], **CUT}}
    mine = {**line, "id": "mine", "external_id": "mine", "meta": {"record": {"text": TEXT}}}
    trace.delete()
    send(writer, [line, mine])
    again, other = Trace.objects.order_by("id")
    assert (again.meta, again.original) == (trace.meta, CUT)
    assert (other.meta, other.original) == (mine["meta"], None)


def test_what_a_record_holds_in_meta_stays_there_beside_an_original(writer):
    send(writer, [RECORD])
    trace = Trace.objects.get()
    meta = {**trace.meta, "record": {"text": TEXT}}
    for number, original in enumerate((None, {}, {"level": 1})):
        name = f"line-{number}"
        line = {**line_of(trace), "meta": meta, "external_id": name, "original": original}
        send(writer, [line])
        stored = Trace.objects.get(external_id=name)
        assert (stored.meta, stored.original) == (meta, original or None)


@pytest.mark.parametrize(
    ("original", "field"),
    [
        ([], "original"),
        (5, "original"),
        ("no JSON", "original"),
        ("[1]", "original"),
        ({"a": ["\0"]}, "original.a[0]"),
        ({"a": "\ud800"}, "original.a"),
        ({"a": 2**64}, "original.a"),
        ({"a": float("nan")}, "original.a"),
        ({"a": "x" * 2**20}, "original"),
    ],
)
def test_a_bad_one_is_the_error_of_its_line(writer, original, field):
    line = {**BodyFactory(), "id": "1", "original": original}
    [error] = send(writer, [line]).json()["errors"]
    assert (error["line"], error["field"]) == (1, field)


def test_a_trace_is_not_larger_for_what_is_cut_off(writer):
    """As large as it may be as a whole, and no larger."""
    fits, larger = ({**worked(1), "remark": "x" * (2**20 - size)} for size in (2_000, 100))
    answer = send(writer, [fits, larger]).json()
    assert (answer["created_count"], answer["error_count"]) == (1, 1)
    assert "the limit is 1,048,576" in answer["errors"][0]["message"]
    line = line_of(Trace.objects.get())
    Trace.objects.all().delete()
    assert send(writer, [line]).json()["created_count"] == 1
    line |= {"id": "another", "external_id": "another", "final_answer": "x" * 10_000}
    [error] = send(writer, [line]).json()["errors"]
    assert error["field"] == "original"
    assert "as JSON with the trace; the limit is 1,048,576" in error["message"]
