"""Typed access to the fields of a source record."""

import pytest

from traces.readers import fields
from traces.readers.draft import Unreadable
from tunix_site.strict_json import loads


def refusal(take, *given, **options) -> tuple:
    with pytest.raises(Unreadable) as caught:
        take(*given, **options)
    return caught.value.field, caught.value.reason


def test_fields_come_back_as_they_are():
    record = {"t": " a ", "l": [1], "o": {"a": 1}, "f": False, "n": None}
    assert fields.text(record, "t") == " a "
    assert fields.text({"t": " "}, "t", blank=True) == " "
    assert fields.listing(record, "l") == [1]
    assert fields.mapping(record, "o") == {"a": 1}
    assert fields.flag(record, "f") is False
    assert fields.rest(record, "t", "l", "absent") == {"o": {"a": 1}, "f": False, "n": None}


@pytest.mark.parametrize(
    "take", [fields.optional_text, fields.optional_listing, fields.text_or_number, fields.flag]
)
def test_what_is_optional_may_be_null_or_missing(take):
    assert take({}, "a") is None
    assert take({"a": None}, "a") is None


@pytest.mark.parametrize("take", [fields.text, fields.listing, fields.mapping])
@pytest.mark.parametrize("record", [{}, {"a": None}])
def test_what_is_required_may_not(take, record):
    assert refusal(take, record, "a") == ("a", "This field is required.")


@pytest.mark.parametrize(
    ("take", "value", "reason"),
    [
        (fields.text, 1, "Not a string."),
        (fields.text, " \n", "This field may not be blank."),
        (fields.optional_text, ["a"], "Not a string."),
        (fields.text_or_number, True, "Not a string."),
        (fields.listing, "a", "Not a list."),
        (fields.mapping, [], "Not an object."),
        (fields.flag, 1, "Not a boolean."),
    ],
)
def test_other_types_are_refused_by_their_path(take, value, reason):
    assert refusal(take, {"a": value}, "a", within="steps[2]") == ("steps[2].a", reason)


def test_values_that_json_cannot_hold_are_refused_with_their_reason():
    record = loads(b'{"a": NaN, "b": {"c": 1, "c": 2}}')
    assert refusal(fields.text, record, "a") == ("a", "NaN is no JSON number.")
    assert refusal(fields.mapping, record, "b") == ("b", "The key 'c' occurs twice.")


def test_numbers_are_taken_as_the_text_of_an_answer():
    assert fields.text_or_number({"a": 70}, "a") == "70"
    assert fields.text_or_number({"a": 0.5}, "a") == "0.5"
    assert fields.text_or_number({"a": "1,000"}, "a") == "1,000"
