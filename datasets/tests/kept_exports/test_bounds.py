"""How many exports are kept, and how much of the disk they take."""

import os
import shutil

import pytest

from datasets.export import files
from datasets.tests.exporting import asked as export_of
from datasets.tests.kept_exports.asking import LASTING, kept, url_of

pytestmark = pytest.mark.django_db


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
