"""Bundles by the client: archives that are whole or not there."""

import json
import zipfile

import pytest
from typer.testing import CliRunner

from datasets.tests.factories import DatasetFactory
from faulty_proxy import answer_with, break_off, hang_up
from traces.tests.factories import TraceFactory
from tunix_rt import Disconnected, Foreign, Invalid, NotFound
from tunix_rt.command.cli import app

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dataset():
    TraceFactory.create_batch(20)
    return DatasetFactory()


def test_a_bundle_goes_into_a_file(client, dataset, site_as, tmp_path):
    target, told = tmp_path / "one.zip", []
    done = client.datasets.bundle(
        dataset.key, target, formats=["chat", "trace"], progress=lambda *far: told.append(far)
    )
    url = f"/api/datasets/{dataset.key}/bundle.zip"
    assert target.read_bytes() == site_as("reader").get(f"{url}?formats=chat,trace").content
    assert (done.path, done.byte_count) == (target, target.stat().st_size)
    assert done.content_digest == dataset.content_digest
    assert told[-1] == (done.byte_count, None)
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(FileExistsError):
        client.datasets.bundle(dataset.key, target)
    client.datasets.bundle(dataset.key, target, with_answers=True, overwrite=True)
    assert zipfile.is_zipfile(target)


def test_what_is_refused_leaves_no_file(client, dataset, tmp_path):
    with pytest.raises(Invalid, match="formats"):
        client.datasets.bundle(dataset.key, tmp_path / "one.zip", formats=["nonsense"])
    with pytest.raises(NotFound):
        client.datasets.bundle("nothing-1", tmp_path / "one.zip")
    assert list(tmp_path.iterdir()) == []


def test_what_breaks_off_begins_anew(harmed, proxy, dataset, tmp_path):
    proxy.faults += [break_off(0.5), hang_up, break_off(0.9)]
    harmed.datasets.bundle(dataset.key, tmp_path / "one.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.testzip() is None


def test_what_never_comes_whole_leaves_no_file(harmed, proxy, dataset, tmp_path):
    proxy.faults += [break_off(0.5)] * 12
    with pytest.raises(Disconnected):
        harmed.datasets.bundle(dataset.key, tmp_path / "one.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_something_else_is_no_bundle(harmed, proxy, dataset, tmp_path):
    proxy.faults += [answer_with(b"<html>", Content_Type="text/html")]
    with pytest.raises(Foreign):
        harmed.datasets.bundle(dataset.key, tmp_path / "one.zip")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_it(site, key_of, dataset, monkeypatch, tmp_path):
    for name, value in {"TUNIX_URL": site.url, "TUNIX_API_KEY": key_of("reader")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["bundle", dataset.key, "--formats", "chat", "--json"])
    assert done.exit_code == 0, done.output
    path = tmp_path / f"{dataset.key}.zip"
    assert json.loads(done.stdout.splitlines()[-1])["byte_count"] == path.stat().st_size
    assert "chat.train.jsonl" in zipfile.ZipFile(path).namelist()
