"""Who writes the file of an export, and what is left where that is broken off."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from datasets.export import files
from datasets.export.reading import DatasetCutShort
from datasets.services.delete import delete_dataset
from datasets.tests.exporting import asked as export_of
from datasets.tests.exporting import export
from datasets.tests.factories import DatasetFactory
from datasets.tests.kept_exports.asking import kept, large_dataset, ranged, url_of
from datasets.tests.test_export_streaming import lose_item
from events.tests.acting import acting
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.tests.live import url_of_database, wait_until, web_server

pytestmark = pytest.mark.django_db


def test_a_dataset_deleted_while_it_is_written_leaves_no_file(reader, dataset, folder):
    asked = export_of(dataset)
    pieces = files.Kept(asked.pieces(), asked, files.path_of(asked))
    assert b"".join(pieces).count(b"\n") == 40
    delete_dataset(dataset=dataset, by=acting())
    pieces.close()
    assert kept(folder) == []


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
        wait_until(lambda: len(list((tmp_path / "exports").iterdir())) == 1)
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
