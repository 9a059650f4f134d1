"""JSON arrays, read item by item."""

import json
import tracemalloc
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.sources import arrays
from traces.sources.records import read_records
from traces.sources.source import BadRecord, Source
from traces.tests.sources.containers import (
    LIMIT,
    in_pieces,
    json_array,
    numbered,
    read,
    read_until_broken,
)
from traces.tests.strategies import objects, quickly
from tunix_site import strict_json

SOME = [{"a": "ü€😀"}, {"b": [1, {"c": None}], "e": -1.5e300}, {"d": 'say "x"\n\\'}, {}]


@pytest.mark.parametrize("indent", [None, 2, "\t\r\n"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_items_are_the_same_at_every_boundary(indent, ascii_only):
    data = json.dumps(SOME, indent=indent, ensure_ascii=ascii_only).encode()
    marked = b"\xef\xbb\xbf\r\n " + data + b"\n "
    assert read(data) == read(marked) == numbered(SOME)
    for size in range(1, len(marked)):
        assert read([marked[:size], marked[size:]]) == numbered(SOME)


class OneByOne:
    """Blocks of one size, past the joining of the pieces."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, pieces):
        return in_pieces(b"".join(pieces), self.size)


@pytest.fixture(params=[1, 2, 3, 7, 20])
def small_blocks(request, monkeypatch):
    """Let the readers see small blocks, as they see large ones of large files."""
    monkeypatch.setattr("traces.sources.records.blocks", OneByOne(request.param))
    return request.param


def test_items_cut_anywhere_are_put_together(small_blocks):
    assert read(json_array(SOME)) == numbered(SOME)
    assert read(json.dumps(SOME).encode()) == numbered(SOME)


@pytest.mark.parametrize("data", [b"[]", b" [ \n ] \n"])
def test_an_empty_array_holds_nothing(data, small_blocks):
    assert read(data) == []


def test_what_is_no_object_is_named_and_the_rest_is_read(small_blocks):
    data = b'[1, {"a": 1}, "x", -1.5e-7, [{}], null, NaN, {"b": 1, "b": 2}, {"c": 3}]'
    bad = "The item is not an object."
    assert read(data) == [
        BadRecord(1, "", bad),
        (2, {"a": 1}),
        BadRecord(3, "", bad),
        BadRecord(4, "", bad),
        BadRecord(5, "", bad),
        BadRecord(6, "", bad),
        BadRecord(7, "", "NaN is no JSON number."),
        BadRecord(8, "", "The key 'b' occurs twice."),
        (9, {"c": 3}),
    ]


def test_what_cannot_be_kept_is_marked_where_it_stands():
    data = b'[{"a": [NaN, 1e999], "b": 9223372036854775808, "c": {"d": 1, "d": 1}, "e": 1}]'
    [(_, value)] = read(data)
    assert [path for path, _ in strict_json.problems(value)] == [".a[0]", ".a[1]", ".b", ".c"]
    assert value["e"] == 1


@pytest.mark.parametrize(
    ("data", "count", "said"),
    [
        (b'[{"a": 1}, {"a": tru}, {"b": 1}]', 1, "Expecting value at its character 7."),
        (b'[{"a": 1}, {"a": "x\ny"}]', 1, "Item 2 is not JSON: Invalid control character"),
        (b'[{"a": 1} {"a": 2}]', 1, "Item 1 is followed by '{', not by a comma."),
        (b'[{"a": 1},]', 1, "Item 2 is not JSON: Expecting value|The array ends early, in item 2."),
        (b"[,{}]", 0, "Item 1 is not JSON: Expecting value|The array ends early, in item 1."),
        (b'[{"a": 1}] {"a": 2}', 1, "Something follows the array's end, after item 1."),
        (b'[{"a": 1}', 1, "The array ends early, "),
        (b'[{"a": 1}, ', 1, "The array ends early, with item 2."),
        (b'[{"a": 1}, {"b', 1, "The array ends early, in item 2."),
        (b"[", 0, "The array ends early, with item 0."),
        (b'[{"a": 1}, {"a": "\xff"}]', 1, "The text is not UTF-8."),
        (b'[{"a": 1}]\xe2\x82', 1, "The text ends within a character."),
        (b"[" * 200_000, 0, "Item 1 nests deeper than 100 levels."),
        (b'[{"a": 1}, ' + b'{"a":' * 200_000, 1, "Item 2 nests deeper than 100 levels."),
    ],
)
def test_a_broken_array_is_read_up_to_what_is_broken(data, count, said):
    found, message = read_until_broken(data)
    assert found == [(1, {"a": 1})][:count]
    assert any(part in message for part in said.split("|")), message
    assert message.endswith("record was read before it." if count else "were read before it.")


def test_what_is_broken_is_found_before_all_is_read():
    data = chain([b'[{"a": 1}, {"a": tru}'], repeat(b" " * 1000))
    found, message = read_until_broken(data)
    assert found == [(1, {"a": 1})]
    assert "Item 2 is not JSON" in message


@pytest.mark.parametrize(
    "long",
    [
        '{"a": "%s"}' % ("x" * 100),
        '{"a": "%s"}' % ('\\\\\\" ]}[{,' * 20),
        '{"a": [%s], "b": {"c": {}}}' % ("[]," * 50 + "1"),
        '"%s"' % ("[" * 100),
        '{"a": "%s"}' % ("ü" * 50),
        "{%s}" % (" " * 100),
    ],
)
def test_an_item_too_long_is_named_and_skipped(long, small_blocks):
    data = f'[{{"a": 1}}, {long}, {{"b": 2}}, {long}]'.encode()
    bad = "The item is longer than 100 bytes."
    assert read(data, max_record_bytes=100) == [
        (1, {"a": 1}),
        BadRecord(2, "", bad),
        (3, {"b": 2}),
        BadRecord(4, "", bad),
    ]


def test_an_item_of_the_longest_length_is_read(small_blocks):
    item = {"a": "ü" * 45 + "x"}
    assert read(json_array([item, item]), max_record_bytes=100) == numbered([item, item])
    assert read(json_array([item]), max_record_bytes=99) == [
        BadRecord(1, "", "The item is longer than 99 bytes.")
    ]


def test_an_item_too_long_that_never_ends_takes_no_memory():
    data = chain([b'[{"a": 1}, {"a": "'], repeat(b"x" * LIMIT, 100))
    tracemalloc.start()
    try:
        found, message = read_until_broken(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [(1, {"a": 1})]
    assert "The array ends early, in item 2." in message
    assert peak < 20 * LIMIT


def test_a_long_array_takes_no_memory():
    piece = b'{"text": "' + b"x" * 2000 + b'"},' * 1
    source = Source(chain([b"["], repeat(piece * 300, 100), [b"{}]"]))
    tracemalloc.start()
    try:
        count = sum(map(len, read_records(source, max_record_bytes=LIMIT)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 30_001
    assert source.read_bytes > 60_000_000
    assert peak < 25 * LIMIT


def test_a_large_item_is_parsed_a_few_times_only(monkeypatch):
    tried = []
    parse = strict_json.raw_decode

    def counted(text, start):
        tried.append(len(text))
        return parse(text, start)

    monkeypatch.setattr(strict_json, "raw_decode", counted)
    item = {"a": ["x" * 1000] * 2000}
    pieces = in_pieces(json_array([item]), LIMIT // 100)
    monkeypatch.setattr("traces.sources.records.blocks", lambda pieces: pieces)
    assert read(pieces, max_record_bytes=10 * LIMIT) == [(1, item)]
    assert sum(tried) < 3 * len(json_array([item]))


@quickly
@given(st.lists(objects, min_size=1, max_size=3), st.data())
def test_an_array_that_is_cut_gives_what_is_whole(records, data):
    text = json_array(records)
    size = data.draw(st.integers(1, len(text) - 1))
    found, _ = read_until_broken(text[:size])
    assert found == numbered(records)[: len(found)]


def test_an_item_that_would_fill_the_memory_is_named_and_the_rest_is_read(monkeypatch):
    monkeypatch.setattr(arrays, "MAX_TOKENS", 1_000)
    data = b'[{"a": 1}, {"a": [' + b"{}," * 400_000 + b'{}], "b": "[{,"}, {"a": 2}]'
    assert read(data, max_record_bytes=16 * LIMIT) == [
        (1, {"a": 1}),
        BadRecord(2, "", "Holds more than 1,000 JSON tokens."),
        (3, {"a": 2}),
    ]


def test_marks_within_a_text_are_no_tokens(monkeypatch):
    monkeypatch.setattr(arrays, "MAX_TOKENS", 1_000)
    text = '[{,\\"' * 400_000
    data = json_array([{"a": text}])
    assert read(data, max_record_bytes=16 * LIMIT) == [(1, {"a": text})]
