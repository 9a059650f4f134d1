"""Exports that a client knows already, or insists on."""

import pytest

from datasets.tests.exporting import LASTING, rows
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', 'W/"other",{}', "*"])
def test_what_the_client_knows_is_not_sent_again(reader, known):
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl"
    etag = reader.get(url)["ETag"]
    for method in (reader.get, reader.head):
        response = method(url, headers={"If-None-Match": known.format(etag)})
        assert response.status_code == 304
        assert response.getvalue() == b""
        assert response["ETag"] == etag


def etag(client, url, encoding) -> str:
    return client.get(url, headers={"Accept-Encoding": encoding})["ETag"]


def test_other_bytes_have_another_etag(reader):
    TraceFactory.create_batch(10)
    datasets = [SplitDatasetFactory(), SplitDatasetFactory()]
    urls = [
        f"/api/datasets/{dataset.key}/export.jsonl?format={fmt}{split}"
        for dataset in datasets
        for fmt in LASTING
        for split in ("", "&split=train", "&split=validation")
    ]
    urls += [url + "&after=1" for url in urls[:3]]
    urls.append(f"/api/datasets/{datasets[0].key}/export.jsonl?format=parquet")
    asked = [(url, encoding) for url in urls for encoding in ("", "gzip", "zstd")][:-2]
    etags = [etag(reader, *question) for question in asked]
    assert len(set(etags)) == len(asked)
    assert etags == [etag(reader, *question) for question in asked]
    for known in (etags[1], '"other"', "", "no etag"):
        response = reader.get(urls[0], headers={"If-None-Match": known})
        assert response.status_code == 200
        assert len(rows(response.getvalue())) == 10


def test_a_client_that_insists_on_other_bytes_gets_none(reader):
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl"
    assert reader.get(url, headers={"If-Match": '"other"'}).status_code == 412
    etag = reader.get(url)["ETag"]
    assert reader.get(url, headers={"If-Match": etag}).status_code == 200


def test_records_are_never_taken_for_known(reader):
    """Curation changes them, so no name stands for their bytes."""
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl?format=record"
    response = reader.get(url, headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert "ETag" not in response
    assert len(rows(response.getvalue())) == 1
