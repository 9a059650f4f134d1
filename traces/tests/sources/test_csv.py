"""CSV files."""

import csv
import tracemalloc
from itertools import chain, repeat

import pytest

from traces.sources.records import read_records
from traces.sources.source import BadRecord, Source
from traces.sources.tables import read_csv
from traces.tests.sources.containers import (
    LIMIT,
    csv_file,
    in_pieces,
    numbered,
    plain,
    read,
    read_until_broken,
)

SOME = b'question,answer\r\n"What, is\n""\xc3\xbc"" + 1?",2\r\n\r\n3?,\r\n"a\r\nb",\xe2\x82\xac\r\n'


def test_rows_are_records_and_their_cells_text():
    assert read(SOME) == [
        (2, {"question": 'What, is\n"ü" + 1?', "answer": "2"}),
        (5, {"question": "3?"}),
        (6, {"question": "a\r\nb", "answer": "€"}),
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_rows_are_the_same_at_every_boundary(mark):
    data = mark + SOME
    assert read(data.removesuffix(b"\r\n")) == read(SOME)
    for size in range(1, len(data)):
        assert read([data[:size], data[size:]]) == read(SOME)


@pytest.mark.parametrize("size", range(1, 12))
def test_rows_cut_anywhere_are_put_together(size):
    chunks = read_csv(in_pieces(SOME, size), max_record_bytes=LIMIT, delimiter=",")
    assert [plain(record) for chunk in chunks for record in chunk] == read(SOME)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_headers(delimiter):
    records = [{"a,b;c\td": "1,2;3\t4", "prompt": "x", "answer": "y"}]
    assert read(csv_file(records, delimiter)) == [(2, records[0])]


@pytest.mark.parametrize(
    "cell", ["[0, 1]", '{"a": 1.50}', "[1, 2", "{x}", "[" * 10_000, "[NaN]", " [1]", "7", "null"]
)
def test_cells_are_text_whatever_they_hold(cell):
    """What of it is JSON is for the format to say: an interval is an answer as it stands."""
    assert read(csv_file([{"a": cell, "b": "x"}])) == [(2, {"a": cell, "b": "x"})]


def test_a_row_knows_its_columns():
    [[row]] = read_records(Source([b"a,b,c\n1,,3\n"]), max_record_bytes=LIMIT)
    assert (row.value, row.value.columns) == ({"a": "1", "c": "3"}, ["a", "b", "c"])


def test_columns_without_a_name_have_a_number():
    assert read(b",a,\n0,x,y\n") == [(2, {"column_1": "0", "a": "x", "column_3": "y"})]


def test_lines_before_the_header_are_counted():
    assert read(b"\n \r\n\na,b\n1,2\n") == [(5, {"a": "1", "b": "2"})]


def test_rows_of_another_length_are_named_and_the_rest_is_read():
    assert read(b"a,b\n1\n1,2\n1,2,3\n   \n3,4\n") == [
        BadRecord(2, "", "The row has 1 cells, the header 2."),
        (3, {"a": "1", "b": "2"}),
        BadRecord(4, "", "The row has 3 cells, the header 2."),
        (6, {"a": "3", "b": "4"}),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b'"x"y,1', "',' expected after '\"'"),
        (b"x\ry,1", "new-line character seen in unquoted field"),
        (b"x\xff,1", "byte 2 of its line; `iconv -f WINDOWS-1252 -t UTF-8 FILE` makes it of"),
        (b'"x\n\xffy",1', "it is not UTF-8 at byte 1 of its line"),
        (b'"\xffx\ny\nz",1', "it is not UTF-8 at byte 2 of its line"),
        (b'"' + b"x" * 200 + b'",1', "it is longer than 100 bytes"),
        (b'"' + b"x\n" * 200 + b'",1', "it is longer than 100 bytes"),
        (b'"x\n' + b"y" * 200 + b'\n,""z",1', "it is longer than 100 bytes"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_read(row, said):
    data = b"a,b\n1,2\n" + row + b"\n3,4\n"
    first, bad, last = read(data, max_record_bytes=100)
    assert first == (2, {"a": "1", "b": "2"})
    assert last == (4 + row.count(b"\n"), {"a": "3", "b": "4"})
    assert bad.line == 3
    assert said in bad.message


def test_a_quote_left_open_is_named_where_it_opens():
    found = read(b'a,b\n1,2\n3,"4\n5,6\n')
    assert found == [
        (2, {"a": "1", "b": "2"}),
        BadRecord(3, "", "The row cannot be read: unexpected end of data."),
    ]


def test_a_quote_within_a_cell_is_text():
    assert read(b'a,b\n5" wide,x\n6,y"\n') == [
        (2, {"a": '5" wide', "b": "x"}),
        (3, {"a": "6", "b": 'y"'}),
    ]


def test_a_cell_may_be_as_long_as_a_record():
    cell = "x" * 500_000
    assert read(csv_file([{"a": cell, "b": "y"}])) == [(2, {"a": cell, "b": "y"})]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a,b,a\n1,2,3\n", "The CSV header names the column a twice."),
        (b'a,"b\n1,2\n', "The CSV header cannot be read: unexpected end of data."),
        (b'a,"b"c\n1,2\n', "The CSV header cannot be read: ',' expected"),
        (b'a,"b\n\xff"\n1,2\n', "The CSV header cannot be read: it is not UTF-8"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(data, said):
    found, message = read_until_broken(data)
    assert found == []
    assert said in message


@pytest.mark.parametrize(
    "data",
    [
        b"just a text\nof two lines\n",
        b"a,b\x00\n1,2\n",
        b"a,\xff\n",
        bytes(range(256)) * 10,
        b'"one"\n',
    ],
)
def test_what_is_no_container_is_refused(data):
    found, message = read_until_broken(data)
    assert found == []
    assert "neither JSON Lines nor a JSON array, CSV or Parquet, in UTF-8 or" in message


def test_a_header_alone_holds_nothing():
    assert read(b"a,b\n") == []
    assert read(b"a,b") == []


def test_a_long_file_takes_no_memory():
    row = b'"' + b"x" * 1000 + b"\n" + b"y" * 1000 + b'",""\n'
    source = Source(chain([b"a,b\n"], repeat(row * 300, 100)))
    tracemalloc.start()
    try:
        count = sum(map(len, read_records(source, max_record_bytes=LIMIT)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 30_000
    assert peak < 20 * LIMIT


@pytest.mark.parametrize("line", [b"x" * LIMIT, b"x" * 500 + b",\n"])
def test_a_quote_never_closed_takes_no_memory(line):
    source = chain([b'a,b\n1,2\n"'], repeat(line, 50_000_000 // len(line)))
    tracemalloc.start()
    try:
        found = read(source, max_record_bytes=LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found[0] == (2, {"a": "1", "b": "2"})
    assert len(found) == 2
    assert found[1].line == 3
    assert "is a quote left open?" in found[1].message
    assert peak < 20 * LIMIT


def test_many_columns_are_read():
    names = ",".join(f"c{number}" for number in range(100_000)).encode()
    [(_, value)] = read(names + b"\n" + b",1" * 99_999 + b"\n", max_record_bytes=LIMIT)
    assert len(value) == 99_999


def test_rows_are_numbered_by_line_over_many_chunks():
    found = read(b"a,b\n" + b"1,2\n" * 5_000)
    assert found == numbered([{"a": "1", "b": "2"}] * 5_000, first=2)
    assert csv.field_size_limit() >= LIMIT


def test_a_header_of_more_columns_is_refused():
    header = ",".join(map(str, range(100_001)))
    assert "more than 100,000 columns" in read_until_broken(f"{header}\n".encode())[1]


@pytest.mark.parametrize("name", [b"messages", b'"messages"'])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_one_column_of_json_is_a_file_of_one_column(name, end):
    cell = b'"[{""role"": ""user"", ""content"": ""Two?""}]"'
    assert read(name + end + cell + end + cell + end) == [
        (2, {"messages": '[{"role": "user", "content": "Two?"}]'}),
        (3, {"messages": '[{"role": "user", "content": "Two?"}]'}),
    ]


@pytest.mark.parametrize("separator", [b",", b";", b"\t"])
@pytest.mark.parametrize("first", [b"sep=", b"SEP="])
def test_a_first_line_may_name_the_separator(separator, first):
    rows = [first + separator, separator.join([b"a,b", b"c"]), separator.join([b"1", b"2"])]
    if separator == b",":
        rows[1] = b"a;b,c"
    name = "a;b" if separator == b"," else "a,b"
    assert read(b"\r\n".join(rows)) == [(3, {name: "1", "c": "2"})]


def test_a_line_of_text_is_no_column():
    for text in (b"some words\nand more\n", b'word\n"quoted"\n', b"sep=x\na\n"):
        assert "neither JSON Lines" in read_until_broken(text)[1]
