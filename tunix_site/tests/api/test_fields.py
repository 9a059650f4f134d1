"""Strict fields and serializers: nothing is coerced, trimmed or dropped."""

import datetime
import uuid

import pytest
from django.http import QueryDict
from rest_framework.serializers import ValidationError

from tunix_site.api import fields
from tunix_site.strict_json import loads

ID = uuid.UUID("01a20fe9-2298-74d8-85df-aef5822c5a21")
NOON = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.UTC)


class Body(fields.StrictSerializer):
    text = fields.TextField(required=False, max_length=10)
    choice = fields.ChoiceTextField(choices=["one", "two", "3"], required=False)
    integer = fields.IntegerField(required=False, min_value=-5, max_value=10**6)
    number = fields.NumberField(required=False)
    boolean = fields.BooleanField(required=False)
    identity = fields.UUIDField(required=False)
    moment = fields.DateTimeField(required=False)
    words = fields.ListField(child=fields.TextField(), required=False, max_length=3)
    free = fields.ObjectField(required=False)


class Outer(fields.StrictSerializer):
    inner = Body()


class Query(fields.QuerySerializer):
    text = fields.TextField(required=False, allow_blank=True)
    integer = fields.IntegerField(required=False)
    number = fields.NumberField(required=False)
    boolean = fields.BooleanField(required=False)


def errors_of(data, serializer=Body):
    read = serializer(data=data)
    assert not read.is_valid()
    return read.errors


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("text", " a\n ", " a\n "),
        ("text", "\u00fc\U0001f600", "\u00fc\U0001f600"),
        ("choice", "3", "3"),
        ("integer", 3, 3),
        ("integer", 3.0, 3),
        ("integer", -5, -5),
        ("number", 3, 3.0),
        ("number", -2.5, -2.5),
        ("boolean", True, True),
        ("boolean", False, False),
        ("identity", str(ID), ID),
        ("moment", "2026-01-02T12:00:00Z", NOON),
        ("moment", "2026-01-02T14:00:00+02:00", NOON),
        ("moment", "2026-01-02", NOON.replace(hour=0)),
        ("words", [], []),
        ("words", [" a ", "b"], [" a ", "b"]),
        ("free", {"a": [1, None, {"b": 2.5}]}, {"a": [1, None, {"b": 2.5}]}),
        ("free", {}, {}),
    ],
)
def test_good_values_are_kept_as_they_are(name, given, kept):
    body = Body(data={name: given})
    assert body.is_valid()
    value = body.validated_data[name]
    assert (value, type(value)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("text", [5, True, 1.5, None, [], {}, "", "a" * 11, "\0", "\ud800"]),
        ("choice", [3, "three", "", None, True, ["one"], {}, "\0", "\ud800"]),
        ("integer", ["3", 3.5, True, None, [], {}, -6, 10**6 + 1, 2**63, 1e300, float("inf")]),
        ("number", ["3", True, None, [], {}, float("inf"), float("nan"), 10**400]),
        ("boolean", ["true", 1, 0, None, "", [], {}]),
        ("identity", [5, "", "x", str(ID)[:-1], f"{ID}0", None, [], {}, "\0", True]),
        (
            "moment",
            [5, "", "soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:59", None, [], "\0"],
        ),
        ("words", ["a", {}, None, 5, [1], [None], ["a", ""], ["a"] * 4, {"0": "a"}]),
        ("free", ["a", [], None, 5, True]),
    ],
)
def test_bad_values_are_refused_at_their_field(name, values):
    for value in values:
        assert list(errors_of({name: value})) == [name], repr(value)


@pytest.mark.parametrize("name", list(Body().fields))
@pytest.mark.parametrize("json", ["NaN", "1e999", "9223372036854775808", '{"a": 1, "a": 2}'])
def test_what_the_parser_marked_is_refused_for_its_reason(name, json):
    errors = errors_of(loads(f'{{"{name}": {json}}}'.encode()))
    marked = loads(json.encode())
    assert errors == {name: [marked.reason]}


def test_what_is_wrong_inside_a_free_object_is_named_with_its_path():
    free = loads(b'{"free": {"a": [{"b": NaN}], "c\\u0000": 1, "d": "\\ud800"}}')
    assert errors_of(free)["free"] == [
        "a[0].b: NaN is no JSON number.",
        r"'c\x00': The NUL character cannot be stored.",
        "d: A lone surrogate is no character.",
    ]


def test_unknown_fields_are_refused_beside_the_bad_ones():
    errors = errors_of({"integer": "3", "other": 1, "Text": "a"})
    assert errors["Text"][0].startswith("Unknown field. Known ones: text, ")
    assert sorted(errors["other"][0].removesuffix(".").split(": ")[1].split(", ")) == sorted(
        Body().fields
    )
    assert set(errors) == {"integer", "other", "Text"}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("promt", "prompt"),
        ("answer", "final_answer"),
        ("finalAnswer", "final_answer"),
        ("step", "steps"),
        ("id", "external_id"),
        ("zzz", "prompt"),
        ("x" * 100_000, "prompt"),
        ("", "prompt"),
    ],
)
def test_the_name_that_is_most_like_it_comes_first(name, nearest):
    known = ["prompt", "final_answer", "steps", "external_id"]
    found = fields.nearest_first(name, known)
    assert found[0] == nearest
    assert sorted(found) == sorted(known)


def test_not_more_than_twenty_unknown_fields_are_named():
    assert len(errors_of({f"field {n}": n for n in range(1000)})) == 20


def test_an_unknown_field_is_named_in_text_that_can_be_answered():
    assert list(errors_of({"a\ud800\0": 1})) == [r"'a\ud800\x00'"]


@pytest.mark.parametrize("value", [[], "a", 5, None, True])
def test_a_body_that_is_no_object_is_refused(value):
    assert list(errors_of({"inner": value}, Outer)) == ["inner"]


@pytest.mark.parametrize("body", [b"NaN", b'{"a": 1, "a": 1}'])
def test_a_body_that_the_parser_marked_is_refused(body):
    assert errors_of(loads(body)) == {"non_field_errors": [loads(body).reason]}


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("", {}),
        ("text=%20a+", {"text": " a "}),
        ("text=5", {"text": "5"}),
        ("text=", {"text": ""}),
        ("integer=-7&number=1.5&boolean=true", {"integer": -7, "number": 1.5, "boolean": True}),
        ("number=2&boolean=false", {"number": 2.0, "boolean": False}),
    ],
)
def test_query_parameters_are_read_by_type(query, values):
    assert Query.read(QueryDict(query)) == values


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("other=1", ["other"]),
        ("text=a&text=a", ["text"]),
        ("text=%00", ["text"]),
        ("integer=", ["integer"]),
        ("integer=+7", ["integer"]),
        ("integer=7.0", ["integer"]),
        ("integer=%D9%A3", ["integer"]),  # a digit, but not ours
        ("integer=99999999999999999999", ["integer"]),
        ("number=1e999&boolean=1", ["boolean", "number"]),
        ("number=nan", ["number"]),
        ("boolean=TRUE", ["boolean"]),
        ("%00=1", [r"'\x00'"]),
    ],
)
def test_bad_query_parameters_are_refused_by_name(query, names):
    with pytest.raises(ValidationError) as refused:
        Query.read(QueryDict(query))
    assert sorted(refused.value.detail) == names


def test_a_bad_item_of_a_list_is_named_by_its_position_as_json_would():
    assert errors_of({"words": ["a", 1]}) == {"words": {"1": ["Not a string."]}}


def test_a_list_that_is_too_long_is_refused_for_that_alone():
    assert errors_of({"words": [1] * 4}) == {
        "words": ["Ensure this field has no more than 3 elements."]
    }


def test_of_one_object_the_first_problems_are_told():
    errors = errors_of({"free": {str(number): 2**70 for number in range(50)}})["free"]
    assert errors == [f"{number}: The integer does not fit in 64 bits." for number in range(20)]


def test_a_choice_that_is_unknown_is_told_the_known_ones():
    said = '"four" is not a valid choice. Known ones: one, two, 3.'
    assert errors_of({"choice": "four"}) == {"choice": [said]}
