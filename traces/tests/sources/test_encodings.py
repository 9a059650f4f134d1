"""Text in UTF-16, and what is in neither UTF-8 nor UTF-16."""

import codecs
import tracemalloc
from itertools import chain, repeat

import pytest

from traces.sources.records import read_records
from traces.sources.source import BadRecord, Source
from traces.tests.sources.containers import LIMIT, PACKED, read, read_until_broken

LINES = '{"a": "ü€😀"}\r\n\n{"b": 2}\n'
ROWS = 'a;b\n"ü\n;€";😀\n'
WITH_MARK = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-8": codecs.BOM_UTF8,
}


@pytest.mark.parametrize("encoding", WITH_MARK)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LINES, [(1, {"a": "ü€😀"}), (3, {"b": 2})]),
        ('[{"a": "ü€😀"}, {"b": 2}]', [(1, {"a": "ü€😀"}), (2, {"b": 2})]),
        ('{"data": [{"a": "ü€😀"}]}', [(1, {"a": "ü€😀"})]),
        (ROWS, [(2, {"a": "ü\n;€", "b": "😀"})]),
        (ROWS.replace(";", "\t"), [(2, {"a": "ü\n\t€", "b": "😀"})]),
    ],
)
def test_text_with_its_mark_is_read_at_every_boundary(encoding, text, found):
    data = WITH_MARK[encoding] + text.encode(encoding)
    assert read(data) == found
    for size in range(1, len(data)):
        assert read([data[:size], data[size:]]) == found
    assert [read(pack(data)) for pack in PACKED.values()] == [found] * len(PACKED)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [LINES, "[{}]", "question,answer\n1,2\n"])
def test_without_its_mark_it_is_told_what_to_send(encoding, text):
    found, said = read_until_broken(text.encode(encoding))
    assert found == []
    assert "without its mark: send the file in UTF-8, or in UTF-16 with its byte order mark" in said


def test_utf_32_is_told_what_to_send():
    for encoding in ("utf-32-le", "utf-32-be"):
        _, said = read_until_broken(f"\ufeff{LINES}".encode(encoding))
        assert "The text is UTF-32: send the file in UTF-8, or in UTF-16" in said


def test_a_lone_surrogate_spoils_its_line_alone():
    text = '\ufeff{"a": 1}\n{"a": "\ud800"}\n{"a": 3}\n'
    [chunk] = read_records(
        Source([text.encode("utf-16-le", "surrogatepass")]), max_record_bytes=LIMIT
    )
    assert [record.raw for record in chunk] == [
        b'{"a": 1}',
        b'{"a": "\xed\xa0\x80"}',  # no UTF-8, as its reader says
        b'{"a": 3}',
    ]


def test_half_a_character_at_the_end_is_told():
    data = "\ufeff[{}]".encode("utf-16-le") + b"\n"
    assert "ends within a character" in read_until_broken(data)[1]


def test_other_encodings_are_told_by_row():
    assert (
        "in UTF-8 or, with its byte order mark, UTF-16" in read_until_broken(b"gr\xfc\xdfe,b\n")[1]
    )
    assert isinstance(read("a,b\nx,Grüße\n".encode("latin-1"))[0], BadRecord)


def test_a_long_file_takes_no_memory():
    piece = ('{"text": "' + "x" * 2_000 + '"}\n').encode("utf-16-le") * 100
    source = Source(chain([codecs.BOM_UTF16_LE], repeat(piece, 100)))
    tracemalloc.start()
    try:
        count = sum(map(len, read_records(source, max_record_bytes=LIMIT)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert source.read_bytes > 30 * LIMIT
    assert peak < 12 * LIMIT
