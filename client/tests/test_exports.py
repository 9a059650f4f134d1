"""Exports by the client: into files that are whole or not there, and row by row."""

import fcntl

import pytest

from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from faulty_proxy import answer_with, break_off, hang_up, pass_on, refuse, with_ranges
from traces.tests.factories import TraceFactory
from tunix_rt import (
    ApiError,
    Disconnected,
    Foreign,
    Incomplete,
    InUse,
    Invalid,
    Misconfigured,
    NotFound,
)

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

LINES = ("trace", "tunix_sft", "training_example", "record")
every_format_of_lines = pytest.mark.parametrize("fmt", LINES)


@pytest.fixture
def dataset():
    for n in range(40):
        TraceFactory(meta={"source": "export", "odd": "\u2028 \u0085 \x1c", "n": n})
    return SplitDatasetFactory()


@pytest.fixture
def whole(dataset, site_as):
    """Give the bytes of an export as curl would get them."""

    def get(fmt="trace", *, route="jsonl", **query):
        path = f"/api/datasets/{dataset.key}/export.{route}"
        return site_as("reader").get(path, params={"format": fmt, **query}).content

    return get


@every_format_of_lines
def test_a_split_goes_into_a_file(client, dataset, whole, tmp_path, fmt):
    target = tmp_path / "train.jsonl"
    told = []
    done = client.datasets.export(
        dataset.key, target, format=fmt, split="train", progress=lambda *far: told.append(far)
    )
    count = dataset.stats["split_counts"]["train"]
    assert target.read_bytes() == whole(fmt, split="train")
    assert (done.path, done.row_count) == (target, count)
    assert done.byte_count == target.stat().st_size
    assert done.content_digest == dataset.content_digest
    assert told[-1] == (count, count)
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_format_leaves_out_is_told(client, tmp_path):
    TraceFactory()
    TraceFactory(final_answer="", meta={"truncated": True})
    key = DatasetFactory().key
    done = client.datasets.export(key, tmp_path / "out", format="tunix_sft")
    counted = client.datasets.formats(key, "tunix_sft")
    assert (done.row_count, counted["row_count"], counted["left_out"]) == (1, 1, {"truncated": 1})
    assert "truncated=1" in done.left_out
    asked_for = client.datasets.formats(key, "tunix_sft", include_truncated=True)
    assert (asked_for["row_count"], asked_for["left_out"]) == (2, {})
    assert len(list(client.datasets.rows(key, format="tunix_sft", include_truncated=True))) == 2


def test_a_parquet_file_is_written(client, dataset, whole, tmp_path):
    target = tmp_path / "all.parquet"
    done = client.datasets.export(dataset.key, str(target), format="parquet")
    assert target.read_bytes() == whole("parquet")
    assert done.row_count == 40


@every_format_of_lines
def test_every_format_is_written_as_parquet(client, dataset, whole, tmp_path, fmt):
    target = tmp_path / "train.parquet"
    told = []
    done = client.datasets.export(
        *(dataset.key, target),
        format=fmt,
        parquet=True,
        split="train",
        progress=lambda *far: told.append(far),
    )
    assert target.read_bytes() == whole(fmt, route="parquet", split="train")
    assert done.row_count == dataset.stats["split_counts"]["train"]
    assert told[-1] == (target.stat().st_size, None)


@every_format_of_lines
def test_rows_are_given_one_by_one(client, dataset, fmt):
    rows = client.datasets.rows(dataset.key, format=fmt)
    first = next(rows)
    assert [first["id"], *(row["id"] for row in rows)] == [
        row["id"] for row in client.datasets.rows(dataset.key, format=fmt)
    ]
    assert len(list(client.datasets.rows(dataset.key, format=fmt))) == 40


def test_lines_are_parted_at_their_ends_alone(client, dataset):
    rows = list(client.datasets.rows(dataset.key))
    assert {row["metadata"]["odd"] for row in rows} == {"\u2028 \u0085 \x1c"}


def test_lines_are_the_bytes_of_the_export(client, dataset, whole):
    lines = client.datasets.lines(dataset.key, format="tunix_sft", split="validation")
    assert b"".join(line + b"\n" for line in lines) == whole("tunix_sft", split="validation")


@pytest.mark.parametrize("broken", [1, 3])
@pytest.mark.parametrize("fmt", LINES)
def test_a_file_is_gone_on_with_where_it_broke_off(
    harmed, proxy, dataset, whole, tmp_path, fmt, broken
):
    expected = whole(fmt)
    length = len(expected) // 5
    proxy.faults += [break_off(length)] * broken
    target = tmp_path / "out.jsonl"
    harmed.datasets.export(dataset.key, target, format=fmt)
    assert target.read_bytes() == expected
    assert len(proxy.seen) == broken + 1
    assert all("after=" in path or "range" in headers for _, path, headers in proxy.seen[1:])


@every_format_of_lines
def test_rows_are_gone_on_with_where_they_broke_off(harmed, proxy, dataset, client, fmt):
    proxy.faults += [break_off(0.5), hang_up, break_off(0.9), refuse(503)]
    got = list(harmed.datasets.rows(dataset.key, format=fmt))
    assert got == list(client.datasets.rows(dataset.key, format=fmt))
    assert len(proxy.seen) == 5


def test_parquet_of_what_may_change_is_begun_anew(harmed, proxy, dataset, whole, tmp_path):
    target = tmp_path / "out.parquet"
    proxy.faults += [break_off(0.5)]
    done = harmed.datasets.export(dataset.key, target, format="record", parquet=True)
    assert target.read_bytes() == whole("record", route="parquet")
    assert done.row_count == 40
    assert not any("range" in headers for _, _, headers in proxy.seen)


def test_a_download_that_comes_on_a_little_each_time_is_not_given_up(
    harmed, proxy, dataset, whole, tmp_path
):
    expected = whole()
    longest = max(map(len, expected.splitlines())) + 1
    proxy.faults += [break_off(2 * longest) for _ in range(12)]
    target = tmp_path / "out.jsonl"
    harmed.datasets.export(dataset.key, target)
    assert target.read_bytes() == expected
    assert len(proxy.seen) > 6


def test_one_that_brings_nothing_more_is_and_the_next_call_goes_on(
    harmed, client, proxy, dataset, whole, tmp_path
):
    expected = whole()
    target = tmp_path / "out.jsonl"
    proxy.faults += [break_off(len(expected) // 2), *[hang_up] * 6]
    with pytest.raises(Disconnected, match=r"GET /api/datasets/.*/export\.jsonl: "):
        harmed.datasets.export(dataset.key, target)
    assert not target.exists()
    [part] = tmp_path.iterdir()
    assert expected.startswith(part.read_bytes())
    assert part.stat().st_size > len(expected) // 3
    asked = len(proxy.seen)
    told = []
    harmed.datasets.export(dataset.key, target, progress=lambda *far: told.append(far))
    assert target.read_bytes() == expected
    assert list(tmp_path.iterdir()) == [target]
    assert len(proxy.seen) > asked
    assert told[0][0] > 20  # rows that were there already


def test_a_part_of_other_bytes_is_begun_anew(client, dataset, whole, tmp_path):
    target = tmp_path / "out.jsonl"
    (tmp_path / f"out.jsonl.{'0123456789abcdef' * 2}.part").write_bytes(b'{"of": "another"}\n{"h')
    client.datasets.export(dataset.key, target)
    assert target.read_bytes() == whole()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("middle", ["backup", "aaaa", f"{'0' * 32}.aaaa", f"more.{'0' * 32}"])
def test_a_file_that_is_no_part_of_the_target_is_left(client, dataset, tmp_path, middle):
    other = tmp_path / f"out.jsonl.{middle}.part"
    other.write_bytes(b'{"of": "mine"}\n')
    client.datasets.export(dataset.key, tmp_path / "out.jsonl")
    assert other.read_bytes() == b'{"of": "mine"}\n'


def test_a_part_that_was_whole_already_gets_its_name(harmed, client, dataset, whole, tmp_path):
    target = tmp_path / "out.jsonl"
    expected, etag = whole(), etag_of(client, dataset)
    (tmp_path / f"out.jsonl.{etag}.part").write_bytes(expected)
    client.datasets.export(dataset.key, target)
    assert target.read_bytes() == expected


@pytest.mark.parametrize(
    ("fmt", "parquet"), [("tunix_sft", False), ("tunix_sft", True), ("parquet", False)]
)
def test_a_part_is_gone_on_with_by_bytes_where_there_are_ranges(
    harmed, proxy, dataset, whole, tmp_path, fmt, parquet
):
    target, expected = tmp_path / "out", whole(fmt, route="parquet" if parquet else "jsonl")
    proxy.faults += [break_off(0.5), *[hang_up] * 6]
    with pytest.raises(Disconnected):
        harmed.datasets.export(dataset.key, target, format=fmt, parquet=parquet)
    [part] = tmp_path.iterdir()
    came = part.stat().st_size
    proxy.faults.clear()
    proxy.faults.append(with_ranges)
    done = harmed.datasets.export(dataset.key, target, format=fmt, parquet=parquet)
    assert target.read_bytes() == expected
    assert (done.row_count, done.byte_count) == (40, len(expected))
    assert proxy.headers_of("range")[-1] == f"bytes={came}-"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("etag", "beginning"), [(None, 1.0), ("0" * 32, 0.5)])
def test_a_part_that_is_whole_or_of_other_bytes_is_found_out_by_ranges(
    harmed, client, proxy, dataset, whole, tmp_path, etag, beginning
):
    target, expected = tmp_path / "out", whole()
    part = tmp_path / f"out.{etag or etag_of(client, dataset)}.part"
    part.write_bytes(expected[: int(beginning * len(expected))])
    proxy.faults += [with_ranges] * 2
    harmed.datasets.export(dataset.key, target)
    assert target.read_bytes() == expected
    assert list(tmp_path.iterdir()) == [target]


def test_a_site_that_has_no_range_at_all_is_asked_once_more_and_no_more(
    harmed, client, proxy, dataset, tmp_path
):
    (tmp_path / f"out.{etag_of(client, dataset)}.part").write_bytes(b"{}\n")
    proxy.faults += [refuse(416)] * 3
    with pytest.raises(ApiError, match="416"):
        harmed.datasets.export(dataset.key, tmp_path / "out")
    assert len(proxy.seen) == 2


def test_other_bytes_than_were_asked_for_are_not_taken(harmed, client, proxy, dataset, tmp_path):
    (tmp_path / f"out.{etag_of(client, dataset)}.part").write_bytes(b"{}\n")
    proxy.faults.append(
        answer_with(b"{}\n", 206, X_Row_Count="40", Content_Range="bytes 0-2/3", ETag='"x"')
    )
    with pytest.raises(Incomplete, match="other bytes came"):
        harmed.datasets.export(dataset.key, tmp_path / "out")


def etag_of(client, dataset) -> str:
    path = f"/api/datasets/{dataset.key}/export.jsonl"
    return client._transport.send("HEAD", path).headers["ETag"].strip('"')


def test_two_processes_do_not_write_one_file(client, dataset, tmp_path):
    target = tmp_path / "out.jsonl"
    with (tmp_path / f"out.jsonl.{etag_of(client, dataset)}.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(InUse, match="another process is writing it"):
            client.datasets.export(dataset.key, target)
    assert not target.exists()


def test_a_file_that_is_there_is_replaced_only_when_told(client, dataset, whole, tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        client.datasets.export(dataset.key, target)
    assert target.read_text() == "mine"
    client.datasets.export(dataset.key, target, overwrite=True)
    assert target.read_bytes() == whole()


@pytest.mark.parametrize("name", ["out.jsonl.gz", "out.zst"])
def test_a_name_of_what_it_is_not_is_refused(client, dataset, tmp_path, name):
    with pytest.raises(Misconfigured, match="not compressed"):
        client.datasets.export(dataset.key, tmp_path / name)


def test_another_dataset_than_the_one_that_is_known_is_refused(client, dataset, tmp_path):
    digest = dataset.content_digest
    assert client.datasets.export(dataset.key, tmp_path / "a", digest=digest).row_count == 40
    with pytest.raises(Incomplete, match=f"digest is {digest}, not 0000"):
        client.datasets.export(dataset.key, tmp_path / "b", digest="0000")
    with pytest.raises(Incomplete):
        next(client.datasets.rows(dataset.key, digest="0000"))
    assert not (tmp_path / "b").exists()


def test_refusals_leave_nothing_behind(client, dataset, tmp_path):
    with pytest.raises(Invalid, match=r"400 .*Unknown split"):
        client.datasets.export(dataset.key, tmp_path / "out", split="nobody")
    with pytest.raises(Invalid, match="format"):
        client.datasets.export(dataset.key, tmp_path / "out", format="odd")
    with pytest.raises(NotFound):
        client.datasets.export("nobody-1", tmp_path / "out")
    with pytest.raises(Misconfigured, match="an export is given whole"):
        client.datasets.export(dataset.key, tmp_path / "out", after=3)
    with pytest.raises(Misconfigured, match="an export is given whole"):
        next(client.datasets.rows(dataset.key, after=3))
    with pytest.raises(Misconfigured, match="no lines"):
        next(client.datasets.rows(dataset.key, format="parquet"))
    assert list(tmp_path.iterdir()) == []


def test_rows_that_are_missing_are_an_error(harmed, proxy, tmp_path):
    line = b'{"id": 1}\n'
    proxy.faults += [
        answer_with(line * 2, Content_Type="application/x-ndjson", X_Row_Count="3")
    ] * 2
    with pytest.raises(Incomplete, match=r"2 of 3 rows came"):
        harmed.datasets.export("set-1", tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Incomplete, match=r"2 of 3 rows came"):
        list(harmed.datasets.rows("set-1"))


def test_another_server_than_a_site_is_told_apart(harmed, proxy, tmp_path):
    proxy.faults += [answer_with(b"<html>welcome</html>")]
    with pytest.raises(Foreign, match=r"no Tunix RT; check the address"):
        harmed.datasets.export("set-1", tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_knows_no_after_is_noticed(harmed, proxy, dataset, whole, tmp_path):
    """Where it sends all of it again, the file does not hold the beginning twice."""

    def from_the_start(handler):
        handler.path = handler.path.partition("&after")[0]
        pass_on(handler)

    proxy.faults += [break_off(3_000, without=("ETag",)), from_the_start]
    with pytest.raises(Incomplete):
        harmed.datasets.export(dataset.key, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_an_empty_split_is_an_empty_file(client, tmp_path):
    TraceFactory()
    dataset = DatasetFactory(recipe__seed=1, recipe__splits={"a": 0.5, "b": 0.5})
    for split, count in dataset.stats["split_counts"].items():
        done = client.datasets.export(dataset.key, tmp_path / split, split=split)
        assert done.row_count == count == len((tmp_path / split).read_bytes().splitlines())
        assert len(list(client.datasets.rows(dataset.key, split=split))) == count
