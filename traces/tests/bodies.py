"""Bodies written by hand, good and hostile, and the reading of answers."""

import json
from typing import Any
from urllib.parse import urlencode

from traces.tests.factories import BodyFactory


def step(**changes) -> dict[str, Any]:
    return {"i": 0, "type": "reasoning", "content": "Count.", **changes}


def steps(count: int, **last) -> list[dict[str, Any]]:
    """Give steps with the changes in the last one."""
    return [*(step(i=n) for n in range(count - 1)), step(i=count - 1, **last)]


def place(errors: Any) -> str:
    """Name where the first error stands: the keys that lead to its list of messages."""
    keys = []
    while isinstance(errors, dict):
        key, errors = next(iter(errors.items()))
        keys.append(key)
    assert errors
    assert all(isinstance(message, str) for message in errors)
    return ".".join(keys)


def short(value: Any) -> str:
    """Name a test's parameter, however long it is."""
    return ascii(value)[:40]


def labels(client, query: str | dict) -> str:
    """Return the versions of the traces that match, oldest first, in one word."""
    text = query if isinstance(query, str) else urlencode(query)
    response = client.get(f"/api/traces?{text}")
    assert response.status_code == 200, response.content
    return "".join(reversed([row["trace_version"] for row in response.json()["results"]]))


def with_members(members: str) -> str:
    """Write a good body with further members, given as raw JSON, at its end."""
    return json.dumps(BodyFactory())[:-1] + f", {members}}}"


def with_step(raw: str) -> str:
    """Write a good body whose only step is given as raw JSON."""
    text = json.dumps(BodyFactory(steps=["STEP"]))
    return text.replace('"STEP"', raw)


def nested(levels: int, opening: str = "[", closing: str = "]") -> str:
    """Write a good body that nests so deep, all levels counted."""
    inside = levels - 2  # the body and its meta are the first
    return with_members('"meta": {"a": ' + opening * inside + "1" + closing * inside + "}")


# Raw JSON of members that make a good body bad, and where the error stands.
HOSTILE_MEMBERS = [
    ('"prompt": "again"', "non_field_errors"),
    ('"unknown": 1, "unknown": 2', "non_field_errors"),
    ('"meta": {"a": 1, "a": 1}', "meta"),
    ('"meta": {"a": [{"": 0, "b": 1, "": 2}]}', "meta"),
    ('"meta": {"a": {"\\u0062": "", "b": ""}}', "meta"),
    ('"meta": {}, "meta": {}', "non_field_errors"),
    ('"meta": {"source": 5}', "meta"),
    ('"meta": NaN', "meta"),
    ('"meta": {"a": NaN}', "meta"),
    ('"meta": {"a": [Infinity]}', "meta"),
    ('"meta": {"a": -Infinity}', "meta"),
    ('"meta": {"a": 1e400}', "meta"),
    ('"meta": {"a": -1e400}', "meta"),
    ('"meta": {"a": 9223372036854775808}', "meta"),
    ('"meta": {"a": -9223372036854775809}', "meta"),
    ('"meta": {"a": 1%s}' % ("0" * 5_000), "meta"),
    ('"meta": {"a": "\\u0000"}', "meta"),
    ('"meta": {"\\u0000": "a"}', "meta"),
    ('"meta": {"a": "\\ud800"}', "meta"),
    ('"meta": {"a": "\\udc00\\ud800"}', "meta"),
    ('"meta": {"\\ud800": {"\\ud800": "\\ud800"}}', "meta"),
    ('"messages": [{"role": "u", "content": "", "content": ""}]', "messages.0"),
    ('"messages": [{"role": "u", "content": 1e400}]', "messages.0"),
    ('"messages": [{"role": "u", "content": 9223372036854775808}]', "messages.0"),
    ('"messages": [{"role": "u"}]', "messages.0"),
    ('"messages": [NaN]', "messages.0"),
    ('"messages": NaN', "messages"),
    ('"tags": [NaN]', "tags.0"),
    ('"tags": ["\\ud800"]', "tags.0"),
    ('"tags": ["\\u0000"]', "tags.0"),
    ('"tags": Infinity', "tags"),
    ('"external_id": 1e400', "external_id"),
    ('"external_id": "\\u0000"', "external_id"),
    ('"\\u0000": 1', r"'\x00'"),
    ('"\\ud800": 1', r"'\ud800'"),
]

# Raw JSON of the first step, and where the error stands.
HOSTILE_STEPS = [
    ('{"i": 0, "i": 1, "type": "a", "content": "b"}', "steps.0.non_field_errors"),
    ('{"i": NaN, "type": "a", "content": "b"}', "steps.0.i"),
    ('{"i": 1e400, "type": "a", "content": "b"}', "steps.0.i"),
    ('{"i": 1e300, "type": "a", "content": "b"}', "steps.0.i"),
    ('{"i": 99999999999999999999999, "type": "a", "content": "b"}', "steps.0.i"),
    ('{"i": 0, "type": NaN, "content": "b"}', "steps.0.type"),
    ('{"i": 0, "type": "\\udfff", "content": "b"}', "steps.0.type"),
    ('{"i": 0, "type": "a", "content": "\\ud83d"}', "steps.0.content"),
    ('{"i": 0, "type": "a", "content": "\\u0000"}', "steps.0.content"),
    ("NaN", "steps.0.non_field_errors"),
    ("[[]]", "steps.0.non_field_errors"),
]

# What holds no trace at all.
NO_TRACES = [
    b"",
    b" ",
    b"{",
    b"{}",
    b"{'prompt': 'p'}",
    b"[]",
    b"[[[[[",
    b"null",
    b"true",
    b"5",
    b"-",
    b"NaN",
    b"1e400",
    b'"text"',
    b'"\\ud800"',
    b'{"a": 1} {"b": 2}',
    b'{"a": 1,}',
    b'{"a": 01}',
    b'{"a": "\t"}',
    b'{"a": "\\x"}',
    b'{"a": "\xff"}',
    b'{"a": "\xed\xa0\x80"}',
    b"\x00",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"\x1f\x8b",
    b"[" * 10_000,
    b'{"a":' * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
]
