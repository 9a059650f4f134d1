"""Parquet files."""

import datetime
import io
import os
import random
import subprocess
import sys
import tempfile
import uuid
from decimal import Decimal

import msgspec
import pyarrow as pa
import pyarrow.parquet
import pytest
from django.conf import settings

from traces.sources.parquet.rows import Unreadable, json_size
from traces.sources.parquet.values import UnreadableType, values
from traces.sources.records import read_records
from traces.sources.source import BadRecord, Source
from traces.tests.sources.containers import (
    LIMIT,
    in_pieces,
    numbered,
    parquet_file,
    read,
    read_until_broken,
    rows_of,
)
from tunix_site import strict_json
from tunix_site.errors import TooLarge, Unavailable
from tunix_site.serving.processes import descendants
from tunix_site.tests.live import is_alive

SOME = [
    {"question": f"ü{number}?", "n": number, "steps": [{"i": number, "parts": ["a", None]}, None]}
    for number in range(1_200)
]
UTC = datetime.UTC
UUID = uuid.UUID(int=7)


def table(*, store_schema=True, **columns) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), file, store_schema=store_schema)
    return file.getvalue()


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
def test_rows_are_read_from_a_file_and_from_a_stream(compression):
    data = parquet_file(SOME, compression=compression, row_group_size=700)
    assert read(data) == read(in_pieces(data, 1000)) == numbered(SOME)


def test_a_null_is_absent_and_one_within_is_kept():
    rows = [{"a": None, "b": {"c": None}, "d": [None]}, {"a": 1, "b": None, "d": []}]
    assert rows_of(parquet_file(rows)) == [
        (1, {"b": {"c": None}, "d": [None]}),
        (2, {"a": 1, "d": []}),
    ]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["a", None, "ü"], pa.large_string()), ["a", None, "ü"]),
        (pa.array(["a", None, "ü"], pa.string_view()), ["a", None, "ü"]),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
        (pa.array([b"a", None, b"\xff"]), ["a", None, "/w=="]),
        (pa.array([b"ab", None], pa.binary(2)), ["ab", None]),
        (pa.array([UUID.bytes], pa.uuid()), [str(UUID)]),
        (pa.array(['{"a": 1}'], pa.json_()), ['{"a": 1}']),
        (pa.array([True, None]), [True, None]),
        (pa.array([None, None]), [None, None]),
        (pa.array([1, 255], pa.uint8()), [1, 255]),
        (pa.array([1, None], pa.uint64()), [1, None]),
        (pa.array([0.5, None], pa.float16()), [0.5, None]),
        (pa.array([0.5, None], pa.float32()), [0.5, None]),
        (pa.array([Decimal("1.50"), None]), ["1.50", None]),
        (pa.array([Decimal("-1.5")], pa.decimal256(60, 2)), ["-1.50"]),
        (pa.array([datetime.date(2024, 2, 29)]), ["2024-02-29"]),
        (pa.array([datetime.time(1, 2, 3)], pa.time32("s")), ["01:02:03.000"]),
        (
            pa.array([86_400_000_001], pa.timestamp("us")),
            ["1970-01-02T00:00:00.000001"],
        ),
        (
            pa.array(
                [datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), None],
                pa.timestamp("ms", "Asia/Tokyo"),
            ),
            ["2024-01-02T03:04:05.000Z", None],
        ),
        (pa.array([1], pa.timestamp("ns", "Nowhere/At_all")), ["1970-01-01T00:00:00.000000001Z"]),
        (pa.array([5], pa.duration("us")), ["5"]),
        (pa.array([[1, None], None, []], pa.large_list(pa.int64())), [[1, None], None, []]),
        (pa.array([[1, 2], None], pa.list_(pa.int64(), 2)), [[1, 2], None]),
        (pa.array([[1, 2], None, []], pa.list_view(pa.int64())), [[1, 2], None, []]),
        (pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int8())), [{"a": 1}, None, {}]),
        (pa.array([{"a": {"b": 1}}, {"a": None}, None]), [{"a": {"b": 1}}, {"a": None}, None]),
        (pa.array([[["a"], None], None]), [[["a"], None], None]),
    ],
    ids=str,
)
def test_values_of_every_type_are_json(column, expected):
    filler = pa.array(["x"] * len(expected))
    found = rows_of(table(value=column, filler=filler))
    assert [value.get("value") for _, value in found] == expected


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([float("nan")]), "nan is no JSON number."),
        (pa.array([float("-inf")], pa.float32()), "-inf is no JSON number."),
        (pa.array([2**63], pa.uint64()), "The integer does not fit in 64 bits."),
        (pa.array([2**60], pa.timestamp("ms")), "The time is out of range."),
        (pa.array([b"a\xff"]).view(pa.string()), "The text is not UTF-8."),
        (
            pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int8())),
            "A key occurs twice.",
        ),
        (
            pa.MapArray.from_arrays([0, 1], pa.array([b"\xff"]).view(pa.string()), pa.array([1])),
            "A key is not UTF-8.",
        ),
    ],
    ids=str,
)
def test_what_json_cannot_hold_is_marked_where_it_stands(column, reason):
    [(_, value)] = rows_of(table(good=pa.array(["x"]), bad=column))
    assert value["good"] == "x"
    assert list(strict_json.problems(value)) == [(".bad", reason)]


def test_text_that_is_not_utf8_spoils_its_own_row_alone():
    column = pa.array([b"a", b"\xff", None, "ü".encode()]).view(pa.string())
    found = [value.get("a") for _, value in rows_of(table(a=column))]
    assert (found[0], found[2], found[3]) == ("a", None, "ü")
    assert isinstance(found[1], strict_json.Refused)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8())), "maps by int8 are not read"),
        (
            pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]),
            "a struct names a field twice",
        ),
    ],
    ids=["map", "struct"],
)
def test_types_that_are_not_read_are_refused(column, said):
    assert said in read_until_broken(table(a=column))[1]


def test_an_interval_has_no_value():
    with pytest.raises(UnreadableType, match="month_day_nano_interval are not read"):
        values(pa.array([(1, 2, 3)], pa.month_day_nano_interval()))


def test_a_file_without_columns_is_refused():
    assert "has no columns" in read_until_broken(table())[1]


def test_a_column_named_twice_is_refused():
    file = io.BytesIO()
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pyarrow.parquet.write_table(twice, file)
    assert "names the column a twice" in read_until_broken(file.getvalue())[1]


def test_a_row_too_long_is_named_and_the_rest_is_read():
    rows = [{"a": "x"}, {"a": "x" * 1000}, {"a": "y"}]
    assert read(parquet_file(rows), max_record_bytes=500) == [
        (1, {"a": "x"}),
        BadRecord(2, "", "The row is longer than 500 bytes."),
        (3, {"a": "y"}),
    ]


def test_large_rows_come_in_small_chunks():
    data = parquet_file([{"a": random.Random(n).randbytes(400_000).hex()} for n in range(40)])
    chunks = list(read_records(Source(io.BytesIO(data)), max_record_bytes=LIMIT))
    assert sum(map(len, chunks)) == 40
    assert max(map(len, chunks)) <= 6


@pytest.fixture
def peaks(tmp_path):
    """Import a file's rows in a fresh process; give what was said and the peaks of memory in MiB.

    The first is that process's own, the second that of the one that reads Parquet for it.
    """

    def measure(data: bytes) -> tuple[str, int, int]:
        path = tmp_path / "hostile.parquet"
        path.write_bytes(data)
        program = [sys.executable, "-c", READ_ALL, str(path)]
        done = subprocess.run(program, cwd=settings.BASE_DIR, capture_output=True, check=True)
        said, own, others = done.stdout.decode().splitlines()
        return said, int(own) // 1024, int(others) // 1024

    return measure


READ_ALL = """
import pathlib, resource, sys
import django
django.setup()
from traces.sources.records import Source, read_records
from traces.sources.source import BrokenSource
count = 0
try:
    with open(sys.argv[1], "rb") as file:
        for chunk in read_records(Source(file), max_record_bytes=2**24):
            count += len(chunk)
    print(count)
except BrokenSource as error:
    print(error)
# what getrusage says of ourselves counts the process that started us
print(pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_a_large_row_group_takes_no_memory(peaks):
    rows = [{"a": random.Random(n).randbytes(5_000).hex()} for n in range(20_000)]
    said, own, others = peaks(parquet_file(rows))
    assert said == "20000"
    assert own < 200
    assert others < 250


@pytest.mark.parametrize("nested", [False, True])
def test_one_text_of_very_many_rows_takes_no_memory_and_ends(peaks, nested):
    texts = pa.DictionaryArray.from_arrays(
        pa.array([0] * 1_000_000, pa.int32()), pa.array(["x" * (5_000 if nested else 4_000_000)])
    )
    offsets = pa.array(range(0, 1_000_001, 10), pa.int32())
    column = pa.ListArray.from_arrays(offsets, texts) if nested else texts
    data = table(question=column, store_schema=False)  # else it would say that the text is one
    assert len(data) < 300_000
    said, own, others = peaks(data)
    assert "unfolds to more than 1,000 times its bytes" in said
    assert own < 300
    assert others < 300


@pytest.mark.parametrize(
    "column",
    [
        pa.ListArray.from_arrays(pa.array([0, 10**8], pa.int32()), pa.nulls(10**8, pa.int8())),
        pa.array(["x" * 10_000_000] * 80, pa.large_string()),
    ],
    ids=["a list of a hundred million", "a page of 800 MB"],
)
def test_what_would_take_all_memory_is_refused(peaks, column):
    file = io.BytesIO()
    pyarrow.parquet.write_table(
        pa.table({"a": column}),
        file,
        compression="zstd",
        use_dictionary=False,
        data_page_size=2**31 - 1,
    )
    said, own, others = peaks(file.getvalue())
    assert "a batch of its rows takes more than 512 MiB of memory" in said
    assert own < 200
    assert others < 700


def test_rows_that_grow_are_read_fewer_at_a_time(peaks):
    texts = pa.array(["x", "y" * 6_000_000])
    few_then_large = pa.array([0] * 1_000 + [1] * 100, pa.int32())
    column = pa.DictionaryArray.from_arrays(few_then_large, texts)
    said, own, others = peaks(table(a=column, store_schema=False))
    assert said == "1100"
    assert own < 300
    assert others < 700


def test_a_reader_that_breaks_off_is_told(monkeypatch):
    monkeypatch.setattr("traces.sources.parquet.reading.READER", "json.tool")
    assert "what reads it broke off" in read_until_broken(parquet_file(SOME))[1]


def test_a_batch_that_takes_too_long_is_told(monkeypatch):
    program = "import os, signal, sys; os.kill(os.getpid(), signal.SIGPROF)"
    real = subprocess.Popen
    monkeypatch.setattr(
        "traces.sources.parquet.reading.subprocess.Popen",
        lambda command, **options: real([sys.executable, "-c", program], **options),
    )
    assert "a batch of its rows takes too long" in read_until_broken(parquet_file(SOME))[1]


def test_no_process_outlives_the_reading():
    rows = [{"a": random.Random(n).randbytes(50_000).hex()} for n in range(200)]
    before = descendants(os.getpid())
    chunks = read_records(Source(io.BytesIO(parquet_file(rows))), max_record_bytes=LIMIT)
    next(chunks)
    [pid] = descendants(os.getpid()) - before
    chunks.close()
    assert not is_alive(pid)


@pytest.mark.parametrize("most", [10, 59, 60, 61, 62, 100, 400, 10**6])
def test_the_size_of_a_row_is_that_of_its_json_where_that_matters(most):
    row = {"a": ["x" * 20, None, {"b": "ü\x01"}], "n": 1.5}
    exact = len(msgspec.json.encode(row))
    assert exact == 60
    assert (json_size(row, most) > most) == (exact > most)


def test_no_rows_are_nothing():
    assert rows_of(parquet_file([], pa.schema({"a": pa.string()}))) == []


@pytest.mark.parametrize(
    "data", [b"PAR1", b"PAR1" * 3, b"PAR1" + b"\xff" * 1000 + b"PAR1", b"PAR1" + b"\0" * 100]
)
def test_what_only_begins_like_parquet_is_refused(data):
    for stream in (data, iter([data])):
        assert "The Parquet file cannot be read on: " in read_until_broken(stream)[1]


def test_a_file_cut_anywhere_is_refused():
    data = parquet_file(SOME[:3])
    for size in range(4, len(data), 7):
        with pytest.raises(Unreadable):
            rows_of(data[:size])


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_a_file_with_broken_bytes_is_read_or_refused(compression):
    data = parquet_file(SOME[:20], compression=compression)
    chance = random.Random(compression)
    outcomes = set()
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(chance.choice([1, 3, 20])):
            broken[chance.randrange(4, len(broken) - 4)] = chance.randrange(256)
        try:
            outcomes.add(type(rows_of(bytes(broken))))
        except Unreadable:
            outcomes.add(Unreadable)
    assert outcomes == {list, Unreadable}  # some broken bytes are those of a text


def test_a_stream_is_kept_up_to_the_bound():
    data = parquet_file(SOME)
    assert len(read(iter([data]), max_spool_bytes=len(data))) == len(SOME)
    with pytest.raises(TooLarge):
        read(in_pieces(data, 100), max_spool_bytes=len(data) - 1)
    assert len(read(data, max_spool_bytes=1)) == len(SOME)  # a file is not copied


def test_a_stream_that_cannot_be_kept_may_be_sent_again(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    with pytest.raises(Unavailable, match="cannot be kept"):
        read(iter([parquet_file(SOME)]))


def test_a_stream_that_breaks_off_is_refused():
    def breaking():
        yield parquet_file(SOME)
        raise ConnectionResetError

    assert "The source broke off: ConnectionResetError." in read_until_broken(breaking())[1]


def test_progress_runs_over_the_file(tmp_path):
    path = tmp_path / "some.parquet"
    path.write_bytes(parquet_file(SOME, row_group_size=300))
    with path.open("rb") as file:
        source = Source(file)
        seen = [source.read_bytes for _ in read_records(source, max_record_bytes=LIMIT)]
        assert not file.closed
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] == path.stat().st_size
