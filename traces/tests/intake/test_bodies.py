"""The two readers of a body hold together: whatever comes, they make the same of it."""

import json
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import APIException

from traces import document
from traces.intake.bodies import (
    _read_quickly,
    _read_slowly,
    _read_trace_slowly,
    read_batch,
    read_trace,
    read_traces_quickly,
)
from traces.tests.bodies import (
    HOSTILE_MEMBERS,
    HOSTILE_STEPS,
    NO_TRACES,
    nested,
    short,
    step,
    with_members,
    with_step,
)
from traces.tests.factories import BodyFactory
from traces.tests.strategies import quickly, text, traces, values

# Pieces that turn good JSON into something else, or into the same written otherwise.
pieces = st.sampled_from(
    [
        *('"', "\\", ",", ":", "{", "}", "[", "]", " ", "\n", "\0", "\x7f", "\ufeff", "\u2028"),
        *("0", "-", "-0", "1.0", "1e5", "1e400", "1e-400", "99999999999999999999", "00", "."),
        *("null", "true", "NaN", "Infinity", "-Infinity", '""', '"\\""', '"\\\\"', '"\\\\\\""'),
        *("\\u0000", "\\\\u0000", "\\u0022", "\\u005c", "\\ud83d\\ude00", "\\ud800", "\\udc00"),
        *('"prompt":"x",', '"i":0,', '"":0,', '"a":{"a":"","a":""},', '"source":5,', '"meta":{},'),
        *("[" * 120, "]" * 120, '{"a":' * 120, "}" * 120),
    ]
)


def written(traces: list, **options) -> bytes:
    return json.dumps(traces, **options).encode()


def result(read, body: bytes):
    """Return what a reader makes of a body: the documents and errors, or why there are none."""
    try:
        found = read(body)
    except APIException as error:
        return type(error), error.detail
    documents = json.loads(msgspec.json.encode(found.documents))
    return json.dumps(documents, sort_keys=True), found.errors


def result_of_one(read, body: bytes):
    """Return what a reader makes of the body of one trace, or why it is none."""
    try:
        return json.dumps(json.loads(msgspec.json.encode(read(body))), sort_keys=True)
    except APIException as error:
        return type(error), error.status_code, error.detail


def assert_readers_agree(body: bytes):
    """Hold the readers of a batch together, and those of a single trace."""
    assert result(read_batch, body) == result(_read_slowly, body)
    for one in (body, body.removeprefix(b"[").removesuffix(b"]")):
        assert result_of_one(read_trace, one) == result_of_one(_read_trace_slowly, one)


@quickly
@given(st.lists(traces, min_size=1, max_size=3), st.booleans())
def test_good_traces_are_read_as_they_are(bodies, escaped):
    raw = written(bodies, ensure_ascii=escaped)
    assert result(read_batch, raw) == (json.dumps(bodies, sort_keys=True), {})
    assert_readers_agree(raw)
    if b"\\u0000" not in raw:
        assert _read_quickly(raw)


@quickly
@given(traces, st.booleans())
def test_a_good_trace_alone_is_read_as_it_is(body, escaped):
    raw = json.dumps(body, ensure_ascii=escaped).encode()
    assert result_of_one(read_trace, raw) == json.dumps(body, sort_keys=True)
    if b"\\u0000" not in raw:
        assert read_traces_quickly([raw])


@quickly
@given(traces, st.data())
def test_the_readers_agree_on_spoiled_text(body, data):
    raw = written([body]).decode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 3)))
        raw = raw[:start] + data.draw(pieces) + raw[end:]
    assert_readers_agree(raw.encode())


@quickly
@given(traces, st.sampled_from(sorted(document.TraceDocument.__struct_fields__)), values)
def test_the_readers_agree_on_wrong_values(body, field, value):
    assert_readers_agree(written([{**body, field: value}]))


@quickly
@given(traces, st.sampled_from(["i", "type", "content", "other"]), values)
def test_the_readers_agree_on_wrong_steps(body, field, value):
    first = {**body["steps"][0], field: value}
    assert_readers_agree(written([{**body, "steps": [first, *body["steps"][1:]]}]))


@quickly
@given(traces, st.dictionaries(text, values, min_size=1, max_size=2))
def test_the_readers_agree_on_unknown_fields(body, more):
    assert_readers_agree(written([{**more, **body}]))


@quickly
@given(st.binary(max_size=60))
def test_the_readers_agree_on_noise(noise):
    assert_readers_agree(noise)
    assert_readers_agree(b"[" + noise + b"]")


HOSTILE = [
    *([with_members(members).encode() for members, _ in HOSTILE_MEMBERS]),
    *([with_step(raw).encode() for raw, _ in HOSTILE_STEPS]),
    *NO_TRACES,
    json.dumps(BodyFactory(steps=[step(), step()])).encode(),
    *[nested(levels).encode() for levels in (101, 500, 900, 1_500)],
]


@pytest.mark.parametrize("body", HOSTILE, ids=short)
def test_neither_reader_takes_a_hostile_body(body):
    good = written(BodyFactory.create_batch(1))[1:-1]
    raw = b"[" + good + b"," + body + b"]"
    assert _read_quickly(raw) is None
    assert_readers_agree(raw)
    assert result(read_batch, raw)[1]
    assert read_traces_quickly([body]) is None
    assert_readers_agree(body)
    assert isinstance(result_of_one(read_trace, body), tuple)


def test_the_quick_reader_may_meet_any_depth():
    for levels in range(80, sys.getrecursionlimit() + 50):
        body = b"[" + nested(levels).encode() + b"]"
        assert (_read_quickly(body) is not None) == (levels <= 100)


@pytest.mark.parametrize("odd", ['"', "\\", '\\"', '"\\\\', "\n", "\u0001"], ids=ascii)
def test_the_readers_agree_on_many_escapes(odd):
    body = BodyFactory(final_answer=odd * (50_000 // len(odd)))
    raw = written([body] * 3)
    assert _read_quickly(raw)
    assert_readers_agree(raw)
    assert _read_quickly(raw.replace(b'"prompt":', b'"prompt": "", "prompt":')) is None
