"""Texts that hold JSON."""

import tracemalloc

import pytest

from traces.sources.json_texts import opened


@pytest.mark.parametrize(
    ("text", "value"), [('{"a": 1}', {"a": 1}), (" [1]", [1]), ("[]", []), ("{}", {})]
)
def test_an_object_or_list_is_given_as_it_is(text, value):
    assert opened(text) == value


@pytest.mark.parametrize(
    "value", ["1", '"x"', "null", "{x}", "[1", "", " ", 5, None, ["{}"], "[\ud800]"]
)
def test_anything_else_stays_as_it_is(value):
    assert opened(value) is value


def test_what_would_fill_the_memory_stays_text():
    text = "[" + "{}," * 5_000_000 + "{}]"
    tracemalloc.start()
    try:
        assert opened(text) is text
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_marks_within_its_texts_are_no_tokens():
    text = '["' + "[{," * 500_000 + '"]'
    assert opened(text) == ["[{," * 500_000]
