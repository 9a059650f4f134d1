"""Which bytes a Range header asks for."""

import pytest

from datasets.export.ranges import part_of


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=0-9", range(10)),
        ("bytes=0-", range(10)),
        ("bytes=4-6", range(4, 7)),
        ("bytes=4-99", range(4, 10)),
        ("bytes=9-", range(9, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-99", range(10)),
        ("BYTES = 4-6", range(4, 7)),
    ],
)
def test_a_part_is_found(header, part):
    assert part_of(header, 10) == part


@pytest.mark.parametrize(
    "header", ["bytes=10-", "bytes=10-12", "bytes=999999999999999999-", "bytes=-0"]
)
def test_what_lies_behind_the_end_is_an_empty_part(header):
    assert len(part_of(header, 10)) == 0


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-1", "bytes=0-0"])
def test_an_empty_file_has_no_part(header):
    assert len(part_of(header, 0)) == 0


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=6-4", "bytes=x-1", "bytes=1-x", "bytes=0x1-2"),
        *("bytes=0-1,4-5", "rows=0-1", "bytes=--1", "bytes=+1-2", "bytes=٣-4", "bytes=1.0-2"),
        f"bytes={'9' * 5000}-",
    ],
)
def test_what_asks_for_several_parts_or_says_nothing_is_no_part(header):
    assert part_of(header, 10) is None
