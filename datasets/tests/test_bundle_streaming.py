"""bundle.zip as a stream: pieces, what breaks off, who goes away, how many at once."""

import gc
import io
import secrets
import zipfile

import httpx
import pytest
from django.db import connection

from datasets.bundle.bundle import Bundle
from datasets.bundle.zipped import Entry, whole, zipped
from datasets.export.reading import DatasetCutShort
from datasets.tests.factories import DatasetFactory
from datasets.tests.test_bundle import unzipped, url_of
from datasets.tests.test_export_streaming import lose_item
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.api.streams import slots

pytestmark = pytest.mark.django_db


def large_dataset():
    Trace.objects.bulk_create(TraceFactory.build_batch(3_000))
    return DatasetFactory()


def test_it_comes_in_pieces_and_the_first_is_small(reader):
    response = reader.get(url_of(large_dataset()), {"formats": "record,trace,messages"})
    sizes = [len(piece) for piece in response]
    assert sizes[0] < 150_000
    assert max(sizes) < 300_000
    assert len(sizes) > 3


def test_where_rows_are_missing_it_is_refused_before_the_first_byte(reader, transactional_db):
    dataset = large_dataset()
    lose_item(dataset, 2_999)
    response = reader.get(url_of(dataset))
    assert response.status_code == 404
    assert response.json() == {"detail": "Dataset not found: deleted, 2999 of 3000 rows are there."}


def test_where_a_file_breaks_off_the_archive_has_no_end():
    def broken(_):
        yield secrets.token_bytes(300_000)
        raise DatasetCutShort

    pieces = zipped([whole("a", "text"), Entry(name="b", version="", pieces=broken)])
    came = next(pieces)
    with pytest.raises(DatasetCutShort):
        next(pieces)
    with pytest.raises(zipfile.BadZipFile):
        unzipped(came)


def test_a_reader_that_goes_away_leaves_nothing_behind(transactional_db):
    dataset = large_dataset()
    for read in (0, 1, 2):
        pieces = Bundle(dataset=dataset).pieces()
        for _ in range(read):
            next(pieces)
        pieces.close()
        assert not connection.in_atomic_block
    assert len(unzipped(b"".join(Bundle(dataset=dataset).pieces()))) > 10


def test_a_reader_that_goes_away_gives_its_slot_back(reader, transactional_db):
    gc.collect()  # what earlier tests left open
    dataset, free = large_dataset(), slots.free
    for read in (0, 1, 2):
        response = reader.get(url_of(dataset))
        assert slots.free == free - 1
        pieces = iter(response)
        for _ in range(read):
            next(pieces)
        response.close()
        assert slots.free == free


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_the_real_server_streams_it(site_as):
    dataset = large_dataset()
    response = site_as("reader").get(url_of(dataset))
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in response.headers
    assert len(unzipped(response.content)) > 10


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_a_dataset_deleted_between_two_files_breaks_the_connection(site_as):
    contents = [secrets.token_hex(10_000) for _ in range(500)]  # more than sockets hold
    Trace.objects.bulk_create(
        TraceFactory.build(steps=[{"i": 0, "type": "reasoning", "content": text}])
        for text in contents
    )
    dataset, client = DatasetFactory(), site_as("reader")
    url = f"{url_of(dataset)}?formats=trace,messages,chat"
    with client.stream("GET", url) as response:
        pieces = response.iter_bytes()
        next(pieces)
        assert site_as("curator").delete(f"/api/datasets/{dataset.key}").status_code == 204
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)


def test_it_is_refused_where_as_many_streams_run_as_may(reader, monkeypatch, caplog):
    TraceFactory()
    dataset = DatasetFactory()
    monkeypatch.setattr(slots, "free", 0)
    response = reader.get(url_of(dataset))
    assert response.status_code == 503
    assert "Retry-After" in response
    assert {record.levelname for record in caplog.records} == {"INFO"}  # no error of ours
    assert reader.head(url_of(dataset)).status_code == 200


def test_the_same_files_give_the_same_archive_with_times_of_1980():
    def archive() -> bytes:
        return b"".join(zipped([whole("a", "text"), whole("b", b"\0" * 1_000_000)]))

    assert archive() == archive()
    assert len(archive()) < 10_000
    with zipfile.ZipFile(io.BytesIO(archive())) as read:
        assert {info.date_time for info in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_file_is_told_what_was_written_before_it():
    def told(written):
        yield repr([(one.name, one.size) for one in written]).encode()

    files = unzipped(b"".join(zipped([whole("a", "é"), Entry(name="b", version="", pieces=told)])))
    assert files["b"] == b"[('a', 2)]"
