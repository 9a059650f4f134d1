"""Parts of exports that are kept: ranges of their bytes."""

import gzip

import pytest

from datasets.tests.exporting import asked as export_of
from datasets.tests.exporting import export
from datasets.tests.kept_exports.asking import kept, ranged, url_of

pytestmark = pytest.mark.django_db


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
