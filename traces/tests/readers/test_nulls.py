"""NaN and infinities of a file: null and noted where they are only kept, else refused."""

import pyarrow as pa
import pytest
from pyarrow import parquet

from traces.intake.original import source_record
from traces.models import Trace
from traces.tests.factories import BodyFactory
from traces.tests.imports.sending import lines, send

pytestmark = pytest.mark.django_db


def stored(client, data: bytes, query: str = "") -> dict:
    answer = send(client, data, query).json()
    assert (answer["created_count"], answer["error_count"]) == (1, 0), answer
    return noted(Trace.objects.get())


def noted(trace: Trace) -> dict:
    """Give a trace's meta with all that is kept of its record."""
    return {**trace.meta, "record": source_record(trace.meta, trace.original)}


def refused(client, data: bytes, query: str = "") -> tuple:
    answer = send(client, data, query).json()
    [error] = answer["errors"]
    return error["field"], error["message"]


def test_a_field_that_is_only_kept_is_null_and_noted(writer):
    meta = stored(writer, b'{"question":"Two?","answer":"2\\n#### 2","score":NaN,"n":1}')
    assert meta["record"] == {"answer": "2\n#### 2", "score": None, "n": 1}
    assert meta["nulled"] == ["score"]


def test_each_place_is_noted(writer):
    data = b'{"prompt":"2+2?","completion":"4","a":{"b":[1,-Infinity,{"c":NaN}]},"d":Infinity}'
    meta = stored(writer, data)
    assert meta["record"] == {"a": {"b": [1, None, {"c": None}]}, "d": None}
    assert meta["nulled"] == ["a.b[1]", "a.b[2].c", "d"]


def test_twenty_places_are_noted(writer):
    data = b'{"prompt":"2+2?","completion":"4","a":[%s]}' % b",".join([b"NaN"] * 30)
    meta = stored(writer, data)
    assert meta["record"] == {"a": [None] * 30}
    assert meta["nulled"] == [f"a[{position}]" for position in range(20)]


def test_what_a_message_keeps_beside_what_is_read(writer):
    data = (
        b'{"messages":[{"role":"user","content":"2+2?","weight":NaN},'
        b'{"role":"assistant","content":"4","logprobs":[-Infinity,0.5]}]}'
    )
    meta = stored(writer, data)
    assert meta["nulled"] == ["messages[0].weight", "messages[1].logprobs[0]"]
    asked, replied = Trace.objects.get().messages
    assert (asked["weight"], replied["logprobs"]) == (None, [None, 0.5])


def test_each_trace_of_a_record_notes_what_it_keeps(curator):
    data = (
        b'{"problem":"2+2?","uuid":"u","score":NaN,"generations":["4","5"],'
        b'"finish_reasons":["stop",NaN]}'
    )
    assert send(curator, data).json()["created_count"] == 2
    first, second = map(noted, Trace.objects.order_by("id"))
    assert first["nulled"] == ["score"]
    assert second["nulled"] == ["score", "finish_reasons[1]"]
    assert second["record"]["finish_reasons"] == [None]


def test_metadata_of_our_own_exports(writer):
    data = (
        b'{"id":"a","prompts":"2+2?","trace_steps":["4"],"final_answer":"4",'
        b'"metadata":{"loss":NaN}}'
    )
    meta = stored(writer, data)
    assert (meta["loss"], meta["nulled"]) == (None, ["metadata.loss"])


def test_a_parquet_column_that_is_only_kept(writer, tmp_path):
    table = pa.table(
        {"prompt": ["2+2?"], "completion": ["4"], "score": [float("nan")], "r": [[float("-inf")]]}
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    meta = stored(writer, (tmp_path / "a.parquet").read_bytes())
    assert meta["record"] == {"score": None, "r": [None]}
    assert meta["nulled"] == ["score", "r[0]"]


def test_an_array_of_records(writer):
    meta = stored(writer, b'[{"prompt":"2+2?","completion":"4","score":NaN}]')
    assert meta["nulled"] == ["score"]


def test_the_same_again_exists(writer):
    data = b'{"prompt":"2+2?","completion":"4","score":NaN}'
    stored(writer, data)
    assert send(writer, data).json()["existing_count"] == 1


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("gsm8k", b'{"question":NaN,"answer":"2\\n#### 2"}', "question"),
        ("limo", b'{"question":"2+2?","solution":"4","answer":NaN}', "answer"),
        (
            "openmath",
            b'{"problem":"p","generated_solution":"s","expected_answer":NaN}',
            "expected_answer",
        ),
        (
            "messages",
            b'{"messages":[{"role":"user","content":NaN},{"role":"assistant","content":"4"}]}',
            "messages[0].content",
        ),
        (
            "messages",
            b'{"messages":[{"role":"user","content":"p"},{"role":"assistant",'
            b'"content":"4","tool_calls":[{"a":NaN}]}]}',
            "messages[1]",
        ),
    ],
)
def test_what_is_read_is_refused(writer, name, data, field):
    assert refused(writer, data, f"?format={name}") == (field, "NaN is no JSON number.")
    assert not Trace.objects.exists()


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        (b'"score":1e999', "score", "The number does not fit in a double."),
        (b'"score":{"a":1,"a":NaN}', "score", "The key 'a' occurs twice."),
        (b'"score":NaN,"id":123456789012345678901', "id", "The integer does not fit in 64 bits."),
        (b'"score":NaN,"id":"\\u0000"', "id", "The NUL character cannot be stored."),
    ],
)
def test_what_else_cannot_be_stored_is_refused(writer, data, field, reason):
    record = b'{"prompt":"2+2?","completion":"4",%s}' % data
    assert f"{field}: {reason}" in ": ".join(refused(writer, record))
    assert not Trace.objects.exists()


@pytest.mark.parametrize("name", ["trace", "record"])
def test_a_document_that_is_kept_to_the_letter_is_refused(writer, name):
    body = {**BodyFactory(meta={"loss": 5}), "external_id": "a", "id": "a"}
    if name == "trace":
        del body["id"]
    data = lines([body]).replace(b'"loss": 5', b'"loss": NaN')
    said = ": ".join(refused(writer, data, f"?format={name}"))
    assert said.endswith("loss: NaN is no JSON number.")
