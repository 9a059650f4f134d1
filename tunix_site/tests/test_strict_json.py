"""JSON read strictly, and what may not be kept named by its place."""

import json
import math

import pytest

from tunix_site.strict_json import InvalidJSON, Refused, loads, problems, shown, stored

DEEP = 100


def nested(depth: int) -> bytes:
    return (
        b'{"a":' * (depth // 2)
        + b"[" * (depth - depth // 2)
        + b"]" * (depth - depth // 2)
        + b"}" * (depth // 2)
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, -2.5, "x", true, false, null, {}]}',
        '"\u00fcber \U0001f600 \\ud83d\\ude00"',
        "9223372036854775807",
        "-9223372036854775808",
        "1.7976931348623157e308",
        "5e-324",
        "0",
        " [] ",
    ],
)
def test_good_json_is_read_as_it_is(text):
    assert loads(text.encode()) == json.loads(text)
    assert list(problems(loads(text.encode()))) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not JSON: Expecting value, line 1 column 1."),
        (b"{", "line 1 column 2"),
        (b'{\n "a": 1,\n}', "line 2 column 9|line 3 column 1"),
        (b"[1] 2", "Extra data, line 1 column 5"),
        (b"[01]", "line 1 column 3"),
        (b"{'a': 1}", "line 1 column 2"),
        (b'"a\nb"', "Invalid control character at"),
        (b'"\\x"', "Invalid .escape"),
        (b'"\xff"', "The body is not UTF-8: byte 1."),
        ('"\u00e9"'.encode("latin-1"), "The body is not UTF-8: byte 1."),
        ("[]".encode("utf-16"), "The body is not UTF-8: byte 0."),
        (b"\xed\xa0\x80", "The body is not UTF-8"),  # a surrogate, encoded
        (b"\xef\xbb\xbf[]", "The body is not JSON"),  # a byte order mark
        (b"[" * 100_000, "The body nests deeper than 100 levels."),
        (b'{"a":' * 100_000, "The body nests deeper than 100 levels."),
    ],
)
def test_what_is_no_json_is_named_with_its_place(body, message):
    with pytest.raises(InvalidJSON, match=message):
        loads(body)


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("NaN", "", "NaN is no JSON number."),
        ('{"a": [0, Infinity]}', ".a[1]", "Infinity is no JSON number."),
        ("[-Infinity]", "[0]", "-Infinity is no JSON number."),
        ('{"a": 1e400}', ".a", "The number does not fit in a double."),
        ("-1e400", "", "The number does not fit in a double."),
        ("9223372036854775808", "", "The integer does not fit in 64 bits."),
        ("-9223372036854775809", "", "The integer does not fit in 64 bits."),
        (f"[{'9' * 10_000}]", "[0]", "The integer does not fit in 64 bits."),
        ('{"a": {"b": 1, "b": 1}}', ".a", "The key 'b' occurs twice."),
        ('{"a": 1, "\\u0061": 1}', "", "The key 'a' occurs twice."),
        ('{"\\u0000": 1, "\\u0000": 1}', "", r"The key '\x00' occurs twice."),
        ('{"a": "x\\u0000"}', ".a", "The NUL character cannot be stored."),
        ('{"a\\u0000": 1}', r".'a\x00'", "The NUL character cannot be stored."),
        ('["\\ud800"]', "[0]", "A lone surrogate is no character."),
        ('{"\\udc00\\ud800": 1}', r".'\udc00\ud800'", "A lone surrogate is no character."),
    ],
)
def test_what_cannot_be_kept_is_named_with_its_path(text, path, reason):
    assert list(problems(loads(text.encode()))) == [(path, reason)]


def test_everything_that_is_wrong_is_named():
    value = loads(b'{"a": NaN, "b": ["\\u0000", {"c": 1e999}], "d": "\\u0000\\ud800"}')
    assert [path for path, _ in problems(value)] == [".a", ".b[0]", ".b[1].c", ".d", ".d"]


def test_a_hundred_levels_may_nest():
    assert list(problems(loads(nested(DEEP)))) == []
    reasons = [reason for _, reason in problems(loads(nested(DEEP + 1)))]
    assert reasons == ["Nests deeper than 100 levels."]


def test_the_depth_of_what_is_around_counts():
    assert list(problems(loads(nested(DEEP - 1)), depth=1)) == []
    assert len(list(problems(loads(nested(DEEP)), depth=1))) == 1


def test_values_that_no_parser_marked_are_checked_too():
    assert list(problems({"a": 2**63})) == [(".a", "The integer does not fit in 64 bits.")]
    assert [path for path, _ in problems([float("inf"), {"a": float("nan")}])] == ["[0]", "[1].a"]
    assert list(problems([2**63 - 1, -(2**63), True, 1.5, None])) == []


def test_a_marked_value_says_why():
    assert isinstance(loads(b"NaN"), Refused)
    assert loads(b"NaN").reason == "NaN is no JSON number."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1" + "0" * 22, 1e22),
        ("-1" + "0" * 308, -1e308),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("[1, 2.5]", [1, 2.5]),
        ('{"a": "1234567890123456789012"}', {"a": "1234567890123456789012"}),
    ],
)
def test_what_jsonb_wrote_is_read_back(text, value):
    read = stored(text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("value", [0.1, 1e22, -1.5e300, 5e-324, math.pi])
@pytest.mark.django_db
def test_doubles_come_back_from_the_database_as_they_were(value):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::jsonb)::text", [json.dumps(value)])
        read = stored(cursor.fetchone()[0])
    assert (read, type(read)) == (value, float)


@pytest.mark.parametrize(
    ("text", "seen"),
    [("a", "a"), ("\u00fc", "\u00fc"), ("\0", r"'\x00'"), ("\ud800", r"'\ud800'")],
)
def test_text_is_shown_as_it_is_where_it_can_be(text, seen):
    assert shown(text) == seen
