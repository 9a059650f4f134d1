"""Exports kept as files: lengths, ranges, what is kept for how long."""

import errno
import gzip
import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from datasets.export import files
from datasets.export.reading import DatasetCutShort
from datasets.models import Dataset
from datasets.services.delete import delete_dataset
from datasets.tests.exporting import EXPORTS, ROUTES, export
from datasets.tests.exporting import asked as export_of
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from datasets.tests.test_export_streaming import lose_item
from events.tests.acting import acting
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.tests.live import url_of_database, wait_until, web_server

pytestmark = pytest.mark.django_db

LASTING = [
    f"export.{route}?format={name}" for route, name in EXPORTS if ROUTES[route][name][0].lasting
]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORTS_DIR = tmp_path / "exports"
    return settings.EXPORTS_DIR


@pytest.fixture
def dataset():
    TraceFactory.create_batch(40)
    return SplitDatasetFactory()


def url_of(dataset, query="") -> str:
    return f"/api/datasets/{dataset.key}/export.jsonl{query}"


def kept(folder) -> list:
    return sorted(folder.iterdir()) if folder.exists() else []


def ranged(client, url, part, **headers):
    return client.get(url, headers={"Range": f"bytes={part}", **headers})


@pytest.mark.parametrize("path", LASTING)
def test_a_get_leaves_a_file_that_later_ones_are_answered_with(reader, dataset, folder, path):
    url = f"/api/datasets/{dataset.key}/{path}"
    first = reader.get(url)
    assert "Content-Length" not in first
    body = first.getvalue()
    (file,) = kept(folder)
    assert file.read_bytes() == body
    again = reader.get(url)
    assert again["Content-Length"] == str(len(body))
    assert again.getvalue() == body
    assert again["ETag"] == first["ETag"]
    assert kept(folder) == [file]


def test_a_kept_file_that_cannot_be_opened_is_rendered_anew(reader, dataset, folder, caplog):
    url = url_of(dataset)
    body = reader.get(url).getvalue()
    (file,) = kept(folder)
    elsewhere = file.rename(folder.parent / "elsewhere")
    file.symlink_to(elsewhere)  # which is not followed: ELOOP
    assert reader.get(url).getvalue() == body
    assert "cannot be opened" in caplog.text


def test_a_kept_file_is_read_where_its_use_cannot_be_noted(reader, dataset, folder, monkeypatch):
    url = url_of(dataset)
    body = reader.get(url).getvalue()

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(files.os, "utime", refuse)
    again = reader.get(url)
    assert again["Content-Length"] == str(len(body))
    assert again.getvalue() == body


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity"])
def test_a_head_writes_the_file_and_tells_its_length(reader, dataset, folder, encoding):
    headers = {"Accept-Encoding": encoding}
    head = reader.head(url_of(dataset), headers=headers)
    (file,) = kept(folder)
    assert head["Content-Length"] == str(file.stat().st_size)
    assert head["Accept-Ranges"] == ("bytes" if encoding == "identity" else "none")
    assert reader.get(url_of(dataset), headers=headers).getvalue() == file.read_bytes()


def test_every_choice_has_a_file_of_its_own(reader, dataset, folder):
    queries = ["", "?split=train", "?format=tunix_sft", "?metadata=json", "?format=parquet"]
    for query in queries:
        reader.head(url_of(dataset, query))
    assert len(kept(folder)) == len(queries)
    reader.head(url_of(dataset, "?format=trace&metadata=object"))
    assert len(kept(folder)) == len(queries)


def test_files_are_the_servers_alone(reader, dataset, folder):
    reader.head(url_of(dataset))
    (file,) = kept(folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nobody_without_a_key_gets_what_is_kept(client, reader, dataset):
    reader.head(url_of(dataset))
    for headers in ({}, {"Range": "bytes=0-9"}):
        assert client.get(url_of(dataset), headers=headers).status_code == 401


@pytest.mark.parametrize("is_kept", [False, True])
def test_parts_joined_are_the_whole(reader, dataset, is_kept):
    whole = export(reader, dataset) if is_kept else None
    first = ranged(reader, url_of(dataset), "0-99")
    assert first.status_code == 206
    assert first["Content-Length"] == "100"
    size = int(first["Content-Range"].removeprefix("bytes 0-99/"))
    rest = ranged(reader, url_of(dataset), "100-")
    assert rest["Content-Range"] == f"bytes 100-{size - 1}/{size}"
    last = ranged(reader, url_of(dataset), "-10")
    assert last["Content-Range"] == f"bytes {size - 10}-{size - 1}/{size}"
    joined = first.getvalue() + rest.getvalue()
    assert joined == (whole or export(reader, dataset))
    assert last.getvalue() == joined[-10:]
    assert first["ETag"] == reader.head(url_of(dataset))["ETag"]


def test_a_place_behind_the_end_is_refused(reader, dataset):
    size = int(reader.head(url_of(dataset))["Content-Length"])
    refused = ranged(reader, url_of(dataset), f"{size}-")
    assert refused.status_code == 416
    assert refused["Content-Range"] == f"bytes */{size}"
    assert refused.json() == {"detail": f"The file has {size:,} bytes."}


@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "bytes=6-4", "rows=0-1", "nonsense"])
def test_what_is_no_single_range_gets_the_whole(reader, dataset, header):
    response = reader.get(url_of(dataset), headers={"Range": header})
    assert (response.status_code, "Content-Range" in response) == (200, False)
    assert response.getvalue() == export(reader, dataset)


def test_a_range_of_other_bytes_gets_the_whole(reader, dataset):
    etag = reader.head(url_of(dataset))["ETag"]
    assert ranged(reader, url_of(dataset), "0-9", **{"If-Range": etag}).status_code == 206
    for other in ('"other"', f"W/{etag}", "Sat, 31 Jan 2026 12:00:00 GMT"):
        response = ranged(reader, url_of(dataset), "0-9", **{"If-Range": other})
        assert response.status_code == 200
        assert response.getvalue() == export(reader, dataset)


def test_a_range_is_of_plain_bytes_whatever_else_is_welcome(reader, dataset):
    part = ranged(reader, url_of(dataset), "0-9", **{"Accept-Encoding": "gzip, zstd"})
    assert part.status_code == 206
    assert "Content-Encoding" not in part
    assert part.getvalue() == export(reader, dataset)[:10]
    coded = ranged(reader, url_of(dataset), "0-9", **{"Accept-Encoding": "gzip, identity;q=0"})
    assert (coded.status_code, coded["Content-Encoding"]) == (200, "gzip")
    assert gzip.decompress(coded.getvalue()) == export(reader, dataset)


def test_what_is_known_is_told_before_a_file_is_written(reader, dataset, folder):
    etag = export_of(dataset).etag
    known = {"If-None-Match": etag}
    assert reader.head(url_of(dataset), headers=known).status_code == 304
    assert ranged(reader, url_of(dataset), "0-9", **known).status_code == 304
    assert ranged(reader, url_of(dataset), "0-9", **{"If-Match": '"other"'}).status_code == 412
    assert kept(folder) == []


@pytest.mark.parametrize("query", ["?format=record", "?after=2", "?format=record&after=2"])
def test_of_what_may_change_and_of_rests_nothing_is_kept(reader, dataset, folder, query):
    for ask in (reader.get, reader.head):
        response = ask(url_of(dataset, query), headers={"Range": "bytes=0-9"})
        assert (response.status_code, response["Accept-Ranges"]) == (200, "none")
        assert "Content-Length" not in response
        assert bool(response.getvalue()) == (ask == reader.get)
    assert kept(folder) == []


def test_files_go_with_their_dataset(curator, dataset, folder, django_capture_on_commit_callbacks):
    other = DatasetFactory()
    for one in (dataset, other):
        curator.head(url_of(one))
    with django_capture_on_commit_callbacks(execute=True):
        assert curator.delete(f"/api/datasets/{dataset.key}").status_code == 204
    assert [file.name.split(".")[0] for file in kept(folder)] == [str(other.build_id)]


def test_a_dataset_deleted_while_it_is_written_leaves_no_file(reader, dataset, folder):
    asked = export_of(dataset)
    pieces = files.Kept(asked.pieces(), asked, files.path_of(asked))
    assert b"".join(pieces).count(b"\n") == 40
    delete_dataset(dataset=dataset, by=acting())
    pieces.close()
    assert kept(folder) == []


# Whoever writes it, and whatever becomes of that


def large_dataset() -> Dataset:
    """Build a dataset of several pieces."""
    steps = [{"i": 0, "type": "reasoning", "content": "x" * 1_000}]
    Trace.objects.bulk_create(TraceFactory.build_batch(500, steps=steps))
    return DatasetFactory()


def test_a_client_that_breaks_off_leaves_nothing(reader, folder):
    dataset = large_dataset()
    asked = export_of(dataset)
    pieces = files.Kept(asked.pieces(), asked, files.path_of(asked))
    for _ in range(3):
        next(pieces)
    assert [file.name.rpartition(".")[2] for file in kept(folder)] == ["draft"]
    pieces.close()
    assert kept(folder) == []
    body = export(reader, dataset)
    assert reader.head(url_of(dataset))["Content-Length"] == str(len(body))


@pytest.mark.django_db(transaction=True)
def test_what_is_cut_short_leaves_nothing(reader, folder):
    TraceFactory.create_batch(3)
    dataset = DatasetFactory()
    lose_item(dataset, 1)
    assert reader.head(url_of(dataset)).status_code == 404
    assert ranged(reader, url_of(dataset), "0-9").status_code == 404
    asked = export_of(dataset)
    pieces = files.Kept(asked.pieces(), asked, files.path_of(asked))
    with pytest.raises(DatasetCutShort):
        list(pieces)
    pieces.close()
    assert kept(folder) == []


HOLDER = """
import pathlib, sys
from datasets.export import files
draft = files._begun(pathlib.Path(sys.argv[1]), sys.argv[2])
draft.write(b"half a line")
draft.file.flush()
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def another_process(folder):
    """Have other processes write half of an export's file until they are killed."""
    started = []

    def start(dataset, how):
        path = files.path_of(export_of(dataset))
        process = subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup()\n{HOLDER}", path, how],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tunix_site.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout.readline() == b"written\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_who_waits_too_long_for_another_is_told(reader, dataset, another_process, monkeypatch):
    monkeypatch.setattr(files, "WAIT_SECONDS", 0.2)
    another_process(dataset, "whole")
    for response in (reader.head(url_of(dataset)), ranged(reader, url_of(dataset), "0-9")):
        assert response.status_code == 503
        assert int(response["Retry-After"]) > 0
    assert len(export(reader, dataset).splitlines()) == 40  # at once


def test_nobody_waits_for_who_takes_it_slowly(reader, dataset, another_process):
    another_process(dataset, "beside")
    length = int(reader.head(url_of(dataset))["Content-Length"])
    assert len(export(reader, dataset)) == length


def test_of_a_killed_process_nothing_is_left(reader, dataset, folder, another_process):
    for process in [another_process(dataset, how) for how in ("whole", "beside")]:
        process.kill()
        process.wait()
    assert len(kept(folder)) == 2
    body = export(reader, dataset)
    (file,) = kept(folder)
    assert file.read_bytes() == body


def test_what_killed_processes_left_is_swept_and_nothing_else(
    reader, dataset, folder, another_process
):
    files.sweep()  # there is no folder yet
    reader.head(url_of(dataset))
    writing = another_process(dataset, "whole")
    killed = another_process(dataset, "beside")
    killed.kill()
    killed.wait()
    assert len(kept(folder)) == 3
    files.sweep()
    whole, draft = kept(folder)
    assert draft.name == f"{whole.name}.whole.draft"
    assert writing.poll() is None


def test_a_folder_that_cannot_be_read_is_logged(folder, caplog):
    folder.write_text("no folder")
    files.sweep()
    assert "cannot be swept" in caplog.text


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_two_processes_make_one_file(key_of, tmp_path):
    dataset = large_dataset()
    key = key_of("reader")
    with web_server(
        database_url=url_of_database(), var_dir=tmp_path, TUNIX_WEB_PROCESSES="2"
    ) as site:
        wait_until(lambda: len(site.worker_pids()) == 2)

        def ask(number):
            with site.client(key) as client:
                part = {"Range": f"bytes={number}-"} if number % 3 else {}
                plain = {"Accept-Encoding": "identity"}
                response = client.get(url_of(dataset), headers=part | plain)
                return response.status_code, response.content

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(ask, range(18)))
        whole = answers[0][1]
        for number, answer in enumerate(answers):
            assert answer == ((206, whole[number:]) if number % 3 else (200, whole))
        (file,) = (tmp_path / "exports").iterdir()
        assert file.read_bytes() == whole


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_a_client_of_the_real_server_that_goes_away_leaves_nothing(key_of, tmp_path):
    steps = [{"i": i, "type": "reasoning", "content": "x" * 20_000} for i in range(2)]
    Trace.objects.bulk_create(TraceFactory.build_batch(500, steps=steps))
    dataset = DatasetFactory()
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "of-a-killed-server.whole.draft").write_bytes(b"half a line")
    with (
        web_server(database_url=url_of_database(), var_dir=tmp_path) as site,
        site.client(key_of("reader")) as client,
    ):
        assert not kept(folder)
        with client.stream("GET", url_of(dataset)) as response:
            pieces = response.iter_bytes()  # where nobody holds it, it hangs up
            next(pieces)
            wait_until(lambda: bool(kept(folder)))
        wait_until(lambda: not kept(folder))
        assert client.head(url_of(dataset)).headers["Content-Length"]


# How much is kept


def test_what_was_not_used_for_longest_goes_first(reader, dataset, folder, settings):
    size = int(reader.head(url_of(dataset))["Content-Length"])
    queries = ["", "?format=trace&metadata=json", "?format=training_example"]
    for query in queries[1:]:
        reader.head(url_of(dataset, query))
    oldest, used, _ = (file_of(dataset, query) for query in queries)
    for number, query in enumerate(queries):
        os.utime(file_of(dataset, query), (number, number))
    assert reader.get(url_of(dataset)).getvalue()  # the first is used again
    settings.MAX_EXPORT_BYTES = files.STEP_BYTES + 2 * size
    reader.head(url_of(dataset, "?format=tunix_sft"))
    assert oldest.exists()
    assert not used.exists()
    assert sum(file.stat().st_size for file in kept(folder)) <= settings.MAX_EXPORT_BYTES


def file_of(dataset, query):
    asked = dict(part.split("=") for part in query.strip("?").split("&") if part)
    return files.path_of(export_of(dataset, asked.pop("format", "trace"), **asked))


def test_files_are_bounded_in_number(reader, dataset, folder, monkeypatch):
    monkeypatch.setattr(files, "MAX_FILES", 2)
    for path in LASTING:
        reader.head(f"/api/datasets/{dataset.key}/{path}")
        assert len(kept(folder)) <= 2
    assert len(kept(folder)) == 2


def without_a_file(client, url) -> None:
    """See that all is answered where nothing can be kept."""
    head = client.head(url)
    assert (head.status_code, head["Accept-Ranges"]) == (200, "none")
    assert "Content-Length" not in head
    for headers in ({}, {"Range": "bytes=0-9"}):
        response = client.get(url, headers=headers)
        assert response.status_code == 200
        assert len(response.getvalue().splitlines()) == 40


def test_none_are_kept_where_the_disk_is_nearly_full(reader, dataset, folder, monkeypatch):
    reader.head(url_of(dataset, "?format=tunix_sft"))
    usage = shutil.disk_usage(folder)._replace(free=files.MIN_FREE_BYTES)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    without_a_file(reader, url_of(dataset))
    assert kept(folder) == []


@pytest.mark.parametrize("most", [0, 1_000, files.STEP_BYTES - 1])
def test_none_are_kept_that_are_larger_than_all_may_be(reader, dataset, folder, settings, most):
    settings.MAX_EXPORT_BYTES = most
    without_a_file(reader, url_of(dataset))
    assert kept(folder) == []


def test_none_are_kept_where_they_cannot_be_written(reader, dataset, folder):
    folder.write_text("no folder")
    without_a_file(reader, url_of(dataset))
    assert folder.read_text() == "no folder"
