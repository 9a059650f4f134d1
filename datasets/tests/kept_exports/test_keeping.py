"""Exports kept as files: which, how long they are, and when they go."""

import errno
import stat

import pytest

from datasets.export import files
from datasets.tests.factories import DatasetFactory
from datasets.tests.kept_exports.asking import LASTING, kept, url_of

pytestmark = pytest.mark.django_db


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
