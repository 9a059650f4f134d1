"""What a source may unfold to: a thousand times its bytes, beyond what is free."""

import gzip
from hashlib import sha256

import pytest
import zstandard

from traces.sources import source
from traces.tests.sources.containers import (
    LIMIT,
    in_pieces,
    json_lines,
    parquet_file,
    read,
    read_until_broken,
)

SAID = "The source unfolds to more than 1,000 times its bytes"
FREE = 1_000_000


@pytest.fixture(autouse=True)
def little_is_free(monkeypatch):
    monkeypatch.setattr(source, "FREE_BYTES", FREE)


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=19).compress(data)


BOMBS = {
    "nothings": zstd(b"[" + b"null," * 50_000 + b"null]"),
    "lines of one character": zstd(b'{"a": 1}\n' + b"0\n" * 50_000),
    "blank lines": zstd(b'{"a": 1}\n' + b"\n" * 50_000),
    "blank lines of CSV": zstd(b"a,b\n" + b"\n" * 50_000),
    "a line without end": zstd(b'{"a": 1}\n"' + b"a" * 20 * FREE),
    "two gzip in one another": gzip.compress(gzip.compress(b"a,b\n" + b"a" * 50 * FREE)),
    "gzip in zstd": zstd(gzip.compress(b"a,b\n" + b"a" * 50 * FREE)),
    "rows of one text": parquet_file([{"a": "x" * 10_000}] * 3_000, compression="zstd"),
    "rows of nothing": parquet_file([{"a": None}] * 50_000, compression="zstd"),
    "packed rows": gzip.compress(parquet_file([{"a": "x" * 10_000}] * 3_000, compression="none")),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_unfolds_to_very_much_is_refused(name, monkeypatch):
    monkeypatch.setattr(source, "BYTES_FOR_ONE", 1 if "rows" in name else 1_000)
    data = BOMBS[name]
    said = SAID.replace("1,000", f"{source.BYTES_FOR_ONE:,}")
    encoding = {"two gzip in one another": "gzip", "gzip in zstd": "zstd"}.get(name, "")
    found, why = read_until_broken(in_pieces(data, 1_000), content_encoding=encoding)
    assert said in why
    assert "read before it" in why
    assert len(found) * 1_000 < FREE  # each of them is work, whatever it holds


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd])
def test_what_was_sent_pays_for_what_it_unfolds_to(pack):
    records = [
        {"text": sha256(b"%d" % number).hexdigest() + " word" * 100} for number in range(20_000)
    ]
    data = json_lines(records)
    assert len(data) > 5 * FREE
    assert len(read(in_pieces(pack(data), 10_000))) == len(records)


def test_a_file_pays_with_its_size_though_it_is_not_read_in_order():
    data = parquet_file([{"a": f"{n}" * 50} for n in range(5_000)], compression="none")
    assert len(read(data, max_record_bytes=LIMIT)) == 5_000
