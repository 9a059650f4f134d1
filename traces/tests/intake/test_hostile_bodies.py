"""POST /api/traces, with bodies that no client would send by mistake."""

import gzip
import json

import pytest

from traces.models import Trace
from traces.tests.bodies import (
    HOSTILE_MEMBERS,
    HOSTILE_STEPS,
    NO_TRACES,
    nested,
    place,
    short,
    step,
    with_members,
    with_step,
)
from traces.tests.factories import BodyFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces"
MIB = 1024**2


def send(client, raw: str | bytes, content_type="application/json", **options):
    return client.post(URL, raw, content_type=content_type, **options)


def padded(size: int) -> bytes:
    """Write a good body of so many bytes."""
    raw = json.dumps(BodyFactory(meta={"padding": ""}))
    return raw.replace('"padding": "', '"padding": "' + "x" * (size - len(raw))).encode()


@pytest.mark.parametrize(("members", "where"), HOSTILE_MEMBERS, ids=short)
def test_hostile_members_are_refused_at_their_place(writer, members, where):
    response = send(writer, with_members(members))
    assert (response.status_code, place(response.json())) == (400, where)
    assert not Trace.objects.exists()


@pytest.mark.parametrize(("raw", "where"), HOSTILE_STEPS, ids=short)
def test_hostile_steps_are_refused_at_their_place(writer, raw, where):
    response = send(writer, with_step(raw))
    assert (response.status_code, place(response.json())) == (400, where)
    assert not Trace.objects.exists()


@pytest.mark.parametrize("raw", NO_TRACES, ids=short)
def test_what_holds_no_trace_is_refused(writer, raw):
    response = send(writer, raw)
    assert response.status_code == 400
    assert response.json()
    assert not Trace.objects.exists()


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        ('{"a": [0, {"b": NaN}]}', "a[1].b: NaN is no JSON number."),
        ('{"a": {"b": 1, "b": 1}}', "a: The key 'b' occurs twice."),
        ('{"a": 1e999}', "a: The number does not fit in a double."),
        ('{"\\ud800": "\\ud800"}', r"'\ud800': A lone surrogate is no character."),
        ("[]", "Not an object."),
    ],
)
def test_the_reason_says_where_in_meta(writer, meta, reason):
    response = send(writer, with_members(f'"meta": {meta}'))
    assert reason in response.json()["meta"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"a":\n 1,}', "line 2 column 4"),
        (b'{"a": "\xff"}', "not UTF-8: byte 7"),
        (b"[" * 10_000, "deeper than 100 levels"),
    ],
    ids=short,
)
def test_what_is_no_json_is_said_with_its_place(writer, raw, said):
    assert said in send(writer, raw).json()["detail"]


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_body_nests_a_hundred_levels_at_most(writer, opening, closing):
    assert send(writer, nested(100, opening, closing)).status_code == 201
    for levels in (101, 900, 2_000):
        assert send(writer, nested(levels, opening, closing)).status_code == 400
    assert Trace.objects.count() == 1


def test_messages_nest_as_deep_as_meta(writer):
    answers = [
        send(writer, with_members(f'"messages": [{{"role": "u", "content": {content}}}]'))
        for content in ("[" * 97 + "]" * 97, "[" * 98 + "]" * 98)
    ]
    assert [answer.status_code for answer in answers] == [201, 400]
    assert place(answers[1].json()) == "messages.0"


@pytest.mark.parametrize(
    "deep", ["[" * 900 + "]" * 900, '{"a":' * 897 + "1" + "}" * 897], ids=["lists", "objects"]
)
@pytest.mark.parametrize("key", ["prompt", "steps", "tags", "external_id", "messages", "unknown"])
def test_no_field_is_led_astray_by_nesting(writer, key, deep):
    assert send(writer, with_members(f'"{key}": {deep}')).status_code == 400
    assert send(writer, with_step(deep)).status_code == 400


@pytest.mark.parametrize("i", ["-0", "0.0", "-0.0", "1e1", "2147483647.0"])
def test_a_whole_number_is_an_integer_however_it_is_written(writer, i):
    response = send(writer, with_step(f'{{"i": {i}, "type": "a", "content": "b"}}'))
    shown = response.json()["payload"]["steps"][0]["i"]
    assert (type(shown), shown) == (int, float(i))


@pytest.mark.parametrize(
    "number", ["9223372036854775807", "-9223372036854775808", "5e-324", "1e22"]
)
def test_numbers_are_kept_up_to_their_limits(writer, number):
    created = send(writer, with_members(f'"meta": {{"a": {number}}}')).json()
    stored = writer.get(f"{URL}/{created['id']}").json()
    assert created["payload"]["meta"]["a"] == stored["payload"]["meta"]["a"] == json.loads(number)


def test_a_body_of_a_mebibyte_is_taken_and_none_larger(writer):
    assert send(writer, padded(MIB)).status_code == 201
    response = send(writer, padded(MIB + 1))
    assert response.status_code == 413
    assert response.json() == {"detail": "The body exceeds maximum of 1,048,576 bytes."}
    assert Trace.objects.count() == 1


def test_the_limit_holds_for_what_a_compressed_body_unfolds_to(writer):
    options = {"headers": {"Content-Encoding": "gzip"}}
    assert send(writer, gzip.compress(padded(MIB)), **options).status_code == 201
    assert send(writer, gzip.compress(padded(MIB + 1)), **options).status_code == 413
    assert send(writer, gzip.compress(padded(64 * MIB)), **options).status_code == 413
    assert send(writer, gzip.compress(padded(MIB))[:-9], **options).status_code == 400


def test_the_limit_holds_for_the_trace_as_json_too(writer):
    short = ", ".join(["1e15"] * 100_000)  # as JSON that anyone writes, 1000000000000000.0
    response = send(writer, with_members(f'"meta": {{"a": [{short}]}}'))
    assert response.status_code == 400
    assert "the limit is 1,048,576" in response.json()["non_field_errors"][0]


def test_a_hostile_body_earns_a_short_answer(writer):
    body = BodyFactory(steps=[step(i=-1)] * 1_000, **{f"unknown{n}": 1 for n in range(1_000)})
    response = send(writer, json.dumps(body))
    assert len(response.json()) == 21
    assert len(response.json()["steps"]) == 20


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "nonsense",
    ],
)
def test_another_type_of_body_is_not_read(writer, content_type):
    response = send(writer, json.dumps(BodyFactory()), content_type)
    assert response.status_code == 415
    assert not Trace.objects.exists()


def test_another_encoding_is_not_read(writer):
    response = send(writer, json.dumps(BodyFactory()), headers={"Content-Encoding": "br"})
    assert response.status_code == 415


def test_the_charset_may_be_named(writer):
    raw = json.dumps(BodyFactory())
    assert send(writer, raw, 'application/json; charset="UTF-8"').status_code == 201


@pytest.mark.parametrize("query", ["on_error=skip", "format=json", "limit=1", "%00=1", "a[]=1"])
def test_no_query_parameter_is_known(writer, query):
    response = writer.post(f"{URL}?{query}", BodyFactory(), format="json")
    assert response.status_code == 400
    ((reason,),) = response.json().values()
    assert reason == "Unknown parameter. None is known."
    assert not Trace.objects.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{'prompt': 'x'}", "line 1 column 2. There stands \"'prompt': 'x'}\". JSON looks like {"),
        (b'{"prompt": }', "line 1 column 12. There stands '}'. JSON looks like {"),
        (b'{"prompt": "x"', "line 1 column 15. There it ends. JSON looks like {"),
        (b'{"prompt": ' + b"\x00" * 100, f"There stands {chr(0) * 30!r}."),
        (b'{"a": 1}\n{"a": 2}\n', "Lines of JSON are a file for POST /api/traces/import."),
        (b" \n", "It is empty."),
        (b"[1]", "Not an object; an array goes to POST /api/traces/batch."),
    ],
)
def test_a_body_that_is_no_trace_shows_the_place_and_the_way(writer, body, said):
    response = writer.post("/api/traces", body, content_type="application/json")
    assert response.status_code == 400
    assert said in str(next(iter(response.json().values())))


@pytest.mark.parametrize("body", [b"{}", b'{"traces": []}', b"5", b'"text"'])
def test_a_batch_that_is_no_array_is_told_where_one_trace_goes(writer, body):
    response = writer.post("/api/traces/batch", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json() == {
        "detail": "A batch is a JSON array of traces; one alone goes to POST /api/traces."
    }
