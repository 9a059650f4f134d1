"""Exports compressed, as Accept-Encoding asks."""

import gzip
import zlib

import httpx
import pytest
import zstandard

from datasets.tests.exporting import LINES, export, rows
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


def unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(data)


DECODERS = {"gzip": gzip.decompress, "zstd": unzstd}


def ask(client, dataset, accept_encoding, **query):
    headers = {} if accept_encoding is None else {"Accept-Encoding": accept_encoding}
    return client.get(f"/api/datasets/{dataset.key}/export.jsonl", query, headers=headers)


@pytest.mark.parametrize("fmt", LINES)
@pytest.mark.parametrize("encoding", DECODERS)
def test_a_compressed_export_holds_the_same_bytes(reader, encoding, fmt):
    TraceFactory.create_batch(40)
    dataset = DatasetFactory()
    plain = export(reader, dataset, fmt)
    response = ask(reader, dataset, encoding, format=fmt)
    assert response["Content-Encoding"] == encoding
    body = response.getvalue()
    assert DECODERS[encoding](body) == plain
    assert len(body) < len(plain) / 2
    assert ask(reader, dataset, encoding, format=fmt).getvalue() == body


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("gzip;q=0.001", "gzip"),
        ("gzip ; q=0.5 , zstd;Q=0.4", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0, *", "zstd"),
        ("zstd;q=0.000, *;q=0.5", "gzip"),
        ("*", "zstd"),
        ("br, deflate", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=1", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("*;q=0, gzip;q=0.1", "gzip"),
        # what cannot be read names nothing
        ("gzip;q=2", None),
        ("gzip;q=", None),
        ("gzip;q=-1, zstd;q=0.1", "zstd"),
        ("gzip;level=9", None),
        ("gzip;q=1;q=1", None),
        (";q=1,,;;, gzip", "gzip"),
        ("\x00\xff, gzip", "gzip"),
    ],
)
def test_the_client_chooses_by_weight(reader, accept, encoding):
    TraceFactory()
    response = ask(reader, DatasetFactory(), accept)
    assert response.status_code == 200
    assert response.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in response["Vary"].split(", ")
    body = response.getvalue()
    assert len(rows(DECODERS[encoding](body) if encoding else body)) == 1


@pytest.mark.parametrize("accept", ["identity;q=0", "*;q=0", "br, *;q=0", "identity;q=0.0, br"])
def test_a_client_that_refuses_all_there_is_gets_none(reader, accept):
    TraceFactory()
    response = ask(reader, DatasetFactory(), accept)
    assert response.status_code == 406
    assert response.json() == {"detail": "There is: zstd, gzip, identity."}


def test_parquet_is_compressed_inside_alone(reader):
    TraceFactory()
    dataset = DatasetFactory()
    response = ask(reader, dataset, "gzip, zstd", format="parquet")
    assert "Content-Encoding" not in response
    assert response.getvalue().startswith(b"PAR1")
    response = ask(reader, dataset, "gzip, *;q=0", format="parquet")
    assert (response.status_code, response.json()) == (406, {"detail": "There is: identity."})


@pytest.mark.parametrize("encoding", DECODERS)
def test_no_rows_are_an_empty_file(reader, encoding):
    TraceFactory()
    dataset = SplitDatasetFactory()
    (empty,) = [name for name, count in dataset.stats["split_counts"].items() if not count]
    response = ask(reader, dataset, encoding, split=empty)
    body = response.getvalue()
    assert body
    assert DECODERS[encoding](body) == b""


@pytest.mark.parametrize("encoding", DECODERS)
def test_each_piece_can_be_read_when_it_arrives(reader, encoding):
    Trace.objects.bulk_create(TraceFactory.build_batch(1_000))
    pieces = iter(ask(reader, DatasetFactory(), encoding, format="record"))
    decoder = {
        "gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    }[encoding]()
    first = decoder.decompress(next(pieces))
    assert 8_000 < len(first) < 10_000
    assert first.endswith(b"\n")
    assert len(decoder.decompress(next(pieces))) > 100_000
    assert b"".join(pieces)  # what is not read to its end would keep the connection


@pytest.mark.parametrize("encoding", DECODERS)
def test_a_head_says_how_it_would_come(reader, encoding):
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl"
    headers = {"Accept-Encoding": encoding}
    head, got = reader.head(url, headers=headers), reader.get(url, headers=headers)
    own = "X-Request-ID"
    assert {k: v for k, v in head.items() if k != own} == {k: v for k, v in got.items() if k != own}
    assert head["Content-Encoding"] == encoding
    assert head["Content-Length"] == str(len(got.getvalue()))
    assert head["Accept-Ranges"] == "none"
    assert head.getvalue() == b""


def test_what_is_known_compressed_is_not_sent_again(reader):
    TraceFactory()
    dataset = DatasetFactory()
    url = f"/api/datasets/{dataset.key}/export.jsonl"
    etag = ask(reader, dataset, "gzip")["ETag"]
    known = reader.get(url, headers={"Accept-Encoding": "gzip", "If-None-Match": etag})
    assert known.status_code == 304
    assert "Accept-Encoding" in known["Vary"].split(", ")
    assert "Content-Encoding" not in known
    assert reader.get(url, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity"])
def test_the_real_server_compresses(site_as, encoding):
    Trace.objects.bulk_create(TraceFactory.build_batch(1_000))
    dataset = DatasetFactory()
    client: httpx.Client = site_as("reader")
    url = f"/api/datasets/{dataset.key}/export.jsonl"
    response = client.get(url, headers={"Accept-Encoding": encoding})
    assert response.headers.get("Content-Encoding", "identity") == encoding
    with client.stream("GET", url, headers={"Accept-Encoding": encoding}) as raw:
        body = b"".join(raw.iter_raw())
    assert len(rows(DECODERS.get(encoding, bytes)(body))) == 1_000
