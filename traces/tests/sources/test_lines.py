"""JSON Lines."""

import io
import tracemalloc
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.sources.lines import split_lines
from traces.sources.records import read_records
from traces.sources.source import BadRecord, Source
from traces.tests.sources.containers import (
    LIMIT,
    in_pieces,
    json_lines,
    numbered,
    read,
)
from traces.tests.strategies import quickly

SOME = [{"a": "ü€😀"}, {"b": [1, {"c": None}]}, {"d": 'say "x"\n'}]


def raws(data, **options) -> list:
    chunks = read_records(Source(data), max_record_bytes=LIMIT, **options)
    return [(record.line, record.raw) for chunk in chunks for record in chunk]


def test_a_line_comes_as_it_is():
    text = b' {"a" : NaN, "a": 1}\n{"b": 1} \r\n{broken'
    assert raws(io.BytesIO(text)) == [
        (1, b'{"a" : NaN, "a": 1}'),
        (2, b'{"b": 1}'),
        (3, b"{broken"),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b" \r\n\t\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_are_the_same_at_every_boundary(end, mark):
    data = mark + end.join(json_lines(SOME).splitlines())
    step = end.count(b"\n")
    expected = [(1 + step * position, record) for position, record in enumerate(SOME)]
    assert read(data) == read(data + end) == expected
    for size in range(1, len(data)):
        assert read([data[:size], data[size:]]) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_lines_split_anywhere_are_put_together(size):
    data = json_lines(SOME)
    blocks = list(split_lines(in_pieces(data, size), 1000))
    assert [line for lines in blocks for line in lines] == data.splitlines()


def test_blank_lines_before_the_first_are_counted():
    data = b"\xef\xbb\xbf \n\r\n" + b"\n" * 3_000_000 + json_lines(SOME)
    assert read(data) == numbered(SOME, first=3_000_003)


@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_nothing_gives_nothing(data):
    assert read(data) == []


def test_a_line_too_long_is_named_and_skipped():
    long = b'{"a": "' + b"x" * 93 + b'"}'
    data = b"\n".join([b'{"a": 1}', long, long + b"x", b'{"b": 2}', long * 5])
    bad = "The line is longer than 102 bytes."
    for size in (1, 50, 102, 103, 1000):
        found = read(in_pieces(data, size), max_record_bytes=102)
        assert [record for record in found if isinstance(record, BadRecord)] == [
            BadRecord(3, "", bad),
            BadRecord(5, "", bad),
        ]
        assert [record[0] for record in found if isinstance(record, tuple)] == [1, 2, 4]


@pytest.mark.parametrize("size", [1, 2, 3, 9, 10, 11, 12, 100])
def test_lines_up_to_the_limit_are_kept_whatever_the_blocks(size):
    lines = [b"a" * length for length in (10, 11, 0, 9, 30, 10, 10, 12, 1)]
    found = []
    for part in split_lines(in_pieces(b"\n".join(lines), size), 10):
        found += [None] if part is None else part
    assert found == [line if len(line) <= 10 else None for line in lines]


def test_a_first_line_that_is_no_record_spoils_none():
    data = b'no record, this\n\n{"a": 1}\n'
    assert raws(io.BytesIO(data)) == [(1, b"no record, this"), (3, b'{"a": 1}')]


def test_chunks_are_bounded():
    data = b"{}\n" * 5_000 + (b'{"a": "' + b"x" * 1_000_000 + b'"}\n') * 20
    chunks = list(read_records(Source(io.BytesIO(data)), max_record_bytes=2 * LIMIT))
    assert max(map(len, chunks)) == 2_000
    assert max(sum(len(record.raw) for record in chunk) for chunk in chunks) <= 3 * LIMIT
    assert sum(map(len, chunks)) == 5_020


def test_a_long_stream_takes_no_memory():
    piece = json_lines([{"text": "x" * 200}] * 300)
    source = Source(repeat(piece, 1_000))
    tracemalloc.start()
    try:
        count = sum(map(len, read_records(source, max_record_bytes=LIMIT)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 300_000
    assert source.read_bytes > 60 * LIMIT
    assert peak < 10 * LIMIT


def test_a_line_without_end_takes_no_memory():
    tracemalloc.start()
    try:
        found = read(repeat(b'{"a": "' + b"x" * LIMIT, 200))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [BadRecord(1, "", "The line is longer than 1,048,576 bytes.")]
    assert peak < 10 * LIMIT


@quickly
@given(st.binary(), st.integers(1, 20))
def test_any_bytes_split_as_python_splits_them(data, size):
    blocks = list(split_lines(in_pieces(data, size), 1000))
    found = [line for lines in blocks for line in lines]
    assert found == data.removesuffix(b"\n").split(b"\n") or (data == b"" and found == [])
