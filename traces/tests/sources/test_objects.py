"""Records under a key of one object, and objects over several lines."""

import json
import tracemalloc
from itertools import chain, repeat

import pytest

from traces.sources.records import read_records
from traces.sources.source import BadRecord, Source
from traces.tests.sources.containers import LIMIT, numbered, read, read_until_broken

SOME = [{"a": "ü€😀"}, {"b": [1, {"c": None}]}, {"d": 'say "x"\n\\'}, {}]
BESIDE = {"count": 4, "next": None, "meta": {"data": [1, "]"], "x": [[{}]]}, "names": ["{", "a"]}


@pytest.mark.parametrize("key", ["data", "rows", "train", "records", "examples", "results"])
@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_records_under_a_key_are_the_same_at_every_boundary(key, indent):
    found = numbered(SOME)
    for value in ({key: SOME}, {**BESIDE, key: SOME}, {key: SOME, **BESIDE}):
        data = json.dumps(value, indent=indent, ensure_ascii=False).encode()
        assert read(data) == read(b"\xef\xbb\xbf\n" + data + b"\n\n") == found
    for size in range(1, len(data), 3):
        assert read([data[:size], data[size:]]) == found


def test_rows_of_the_datasets_server_are_taken_out():
    """`features` are no records; what the server cut off is not stored as if it were all."""
    served = {
        "features": [{"feature_idx": 0, "name": "a", "type": {"dtype": "string"}}],
        "rows": [
            {"row_idx": 0, "row": {"a": "x"}, "truncated_cells": []},
            {"row_idx": 1, "row": {"a": "y"}, "truncated_cells": ["a"]},
            {"row_idx": 2, "row": {"a": "z"}, "truncated_cells": []},
        ],
        "num_rows_total": 3,
        "partial": False,
    }
    assert read(json.dumps(served).encode()) == [
        (1, {"a": "x"}),
        BadRecord(2, "truncated_cells", "The server cut cells of this row off."),
        (3, {"a": "z"}),
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"train": [{"a": 1}], "test": [{"b": 1}]},
        {"models": [{"name": "m"}], "train": [{"a": 1}]},
    ],
)
def test_of_several_lists_none_is_chosen(value):
    first, second = value
    for data in (json.dumps(value), json.dumps(value, indent=1)):
        found, said = read_until_broken(data.encode())
        assert found == []
        assert f"stand under several keys: {first}, {second}. Send one of them" in said


def test_a_second_list_far_behind_ends_the_import():
    value = {"train": [{"a": "x" * 1_000}] * 2_000, "test": [{"a": 1}]}
    found, said = read_until_broken(json.dumps(value).encode())
    assert len(found) == 2_000
    assert "several keys: train, test. Send" in said
    assert said.endswith("2,000 records were read before it.")


@pytest.mark.parametrize(
    "value",
    [
        {"messages": [{"role": "user", "content": "x"}]},
        {"prompt": "x", "steps": [{"i": 0}]},
        {"data": {"x": 1}},
        {"data": ["x"]},
        {"data": []},
        {"items": [{"role": "user", "content": "x"}], "id": "y"},
        {"data": [{"from": "human", "value": "x"}]},
        {"a": 1},
    ],
)
def test_an_object_without_such_a_list_is_a_record(value):
    assert read(json.dumps(value).encode()) == [(1, value)]
    assert read(json.dumps(value, indent=2).encode()) == [(1, value)]


def test_an_object_that_is_a_record_itself_stays_one():
    value = {"prompt": "x", "completion": "y", "results": [{"score": 1}]}
    data = json.dumps(value).encode()
    assert read(data, is_record=lambda value: "prompt" in value) == [(1, value)]
    assert read(data) == [(1, {"score": 1})]


def test_lines_with_such_a_list_each_are_json_lines():
    records = [{"id": 1, "data": [{"a": 1}]}, {"id": 2, "data": [{"a": 2}]}]
    assert read(b"\n".join(json.dumps(one).encode() for one in records)) == numbered(records)


@pytest.mark.parametrize("indent", [1, "\t"])
def test_objects_over_several_lines_follow_each_other(indent):
    records = [one for one in SOME if one]
    data = "\n".join(json.dumps(one, indent=indent) for one in records).encode()
    assert read(data) == read(data.replace(b"}\n{", b"}{")) == numbered(records)
    for size in range(1, len(data), 3):
        assert read([data[:size], data[size:]]) == numbered(records)


def test_an_object_too_long_is_named_and_the_next_is_read():
    data = b'{\n"a": "%s"}\n{\n"b": [{}, "}"]}\n{"c": 1}' % (b"x" * 200)
    assert read(data, max_record_bytes=100) == [
        BadRecord(1, "", "The item is longer than 100 bytes."),
        (2, {"b": [{}, "}"]}),
        (3, {"c": 1}),
    ]


def test_a_broken_first_line_spoils_no_other():
    """An object that is not whole in its line is not taken for one that goes on in the next."""
    for broken in (b'{"a": tru}', b'{"a": "x', b'{"a": 1} x', b'{"a" 1', b"{,"):
        [first, second] = read_raw(broken + b'\n{"b": 1}\n')
        assert (first.raw, second.raw) == (broken, b'{"b": 1}')


def read_raw(data) -> list:
    return [one for chunk in read_records(Source([data]), max_record_bytes=LIMIT) for one in chunk]


@pytest.mark.parametrize(
    ("data", "count", "said"),
    [
        (b'{"data": [{"a": 1}, {"a": tru}]}', 1, "item|Item 2 is not JSON"),
        (b'{"data": [\n{"a": 1}, {"a": tru}]}', 1, "Item 2 is not JSON"),
        (b'{"data": [\n{"a": 1} {"a": 2}]}', 1, "Item 1 is followed by '{', not by a comma."),
        (b'{"data": [\n{"a": 1}', 1, "The object ends early, with item 1."),
        (b'{"data": [\n{"a": 1}], "b"', 1, "The object ends early, with item 1."),
        (b'{"data": [\n{"a": 1}], "b', 1, "The object has a key that does not end."),
        (b'{"data": [\n{"a": 1}], x}', 1, "something else where a key should stand"),
        (b'{"data": [\n{"a": 1}] "b": 2}', 1, "The object has '\"' where ',' should stand."),
        (b'{\n"a": 1}\n{\n"a": tru}', 1, "Item 2 is not JSON: Expecting value"),
        (b'{\n"a": 1}\nx', 1, "Item 1 is followed by 'x'."),
        (b'{\n"a": 1}\n{\n"a": [', 1, "The object ends early, in item 2."),
        (b'{\n"a":' + b"[" * 200_000, 0, "nests deeper than 100 levels"),
    ],
)
def test_what_is_broken_is_read_up_to_there(data, count, said):
    found, message = read_until_broken(data)
    assert found == [(1, {"a": 1})][:count]
    assert any(part in message for part in said.split("|")), message


def test_what_follows_the_object_is_refused():
    long = b'{"data": [' + b'{"a": 1},' * 200_000 + b'{"a": 1}]}'
    found, said = read_until_broken(long + b'\n{"data": []}')
    assert len(found) == 200_001
    assert "Something follows the object's end" in said


@pytest.mark.parametrize("head", [b'{"data": [', b'{"x": {"y": [1]},\n "rows":\n ['])
def test_a_long_list_takes_no_memory(head):
    piece = b'{"text": "' + b"x" * 2_000 + b'"},'
    source = Source(chain([head], repeat(piece * 300, 100), [b'{}], "end": [1, {}]}']))
    tracemalloc.start()
    try:
        count = sum(map(len, read_records(source, max_record_bytes=LIMIT)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 30_001
    assert peak < 25 * LIMIT
