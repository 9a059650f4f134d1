"""Compressed sources, of one part and of several, whole and broken."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from hashlib import sha512

import pytest
import zstandard

from traces.sources.compression import decompressed
from traces.sources.records import read_records
from traces.sources.source import Source
from traces.tests.sources.containers import (
    LIMIT,
    PACKED,
    in_pieces,
    json_lines,
    numbered,
    read,
    read_until_broken,
)
from tunix_site.api.parsers import UnsupportedEncoding, counted

RECORDS = [{"number": number, "text": "é" * number} for number in range(50)]
LINES = json_lines(RECORDS)
MIB = 1024**2
PACKERS = pytest.mark.parametrize("kind", ["gzip", "zstd"])


def zstd_frame(data: bytes, **parameters) -> bytes:
    compressor = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(**parameters)
    ).compressobj()
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_what_is_packed_is_recognised(kind, size):
    assert read(in_pieces(PACKED[kind](LINES), size)) == numbered(RECORDS)


def zip_file() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.jsonl", LINES)
    return file.getvalue()


def tar_file(kind: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=kind) as archive:
        member = tarfile.TarInfo("a.jsonl")
        member.size = len(LINES)
        archive.addfile(member, io.BytesIO(LINES))
    return file.getvalue()


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (zip_file(), "This is a zip archive: send the files in it one by one, `unzip -p FILE NAME"),
        (tar_file(tarfile.USTAR_FORMAT), "a tar archive: send the files in it one by one, `tar -x"),
        (tar_file(tarfile.GNU_FORMAT), "a tar archive"),
        (tar_file(tarfile.PAX_FORMAT), "a tar archive"),
    ],
)
def test_an_archive_is_told_how_to_send_what_it_holds(archive, said, size, kind):
    found, message = read_until_broken(in_pieces(PACKED[kind](archive), size))
    assert found == []
    assert said in message


@PACKERS
def test_several_parts_are_read_as_one(kind):
    pack = PACKED[kind]
    middle = len(LINES) // 2
    packed = pack(LINES[:middle]) + pack(b"") + pack(LINES[middle:])
    for size in (1, 100, len(packed)):
        assert read(in_pieces(packed, size)) == numbered(RECORDS)


@PACKERS
def test_a_packed_file_may_be_sent_as_it_is_and_with_an_encoding_around_it(kind):
    packed = PACKED[kind](LINES)
    assert read(packed, content_encoding=kind.upper()) == numbered(RECORDS)
    assert read(gzip.compress(packed), content_encoding="gzip") == numbered(RECORDS)


def test_zeros_after_a_gzip_member_are_no_data():
    packed = gzip.compress(LINES) + b"\0" * 1000
    assert read(packed) == read(in_pieces(packed, 1)) == numbered(RECORDS)


def test_a_frame_without_data_may_come_first():
    empty = b"\x53\x2a\x4d\x18\x03\0\0\0abc"
    assert read(empty + PACKED["zstd"](LINES)) == numbered(RECORDS)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "é"])
def test_other_encodings_are_refused(encoding):
    with pytest.raises(UnsupportedEncoding, match="gzip, zstd or absent"):
        read(LINES, content_encoding=encoding)


@PACKERS
def test_an_encoding_must_be_true(kind):
    found, said = read_until_broken(LINES, content_encoding=kind)
    assert found == []
    assert f"The {kind} data are broken within the first" in said
    assert said.endswith("0 records were read before it.")


@PACKERS
def test_data_that_end_early_are_refused_at_every_byte(kind):
    packed = PACKED[kind](LINES)
    for size in range(4, len(packed)):
        found, said = read_until_broken(packed[:size])
        assert f"The {kind} data end early, after {size:,} bytes." in said
        assert found == numbered(RECORDS)[: len(found)]


@PACKERS
def test_an_empty_body_is_no_packed_one(kind):
    assert "end early, after 0 bytes" in read_until_broken(b"", content_encoding=kind)[1]
    assert read(PACKED[kind](b"")) == []


@PACKERS
@pytest.mark.parametrize("after", [b"{}", b"\xff" * 100])
def test_what_follows_the_packed_data_is_refused_after_them(kind, after):
    found, said = read_until_broken(PACKED[kind](LINES) + after)
    assert found == numbered(RECORDS)
    assert f"The {kind} data are broken" in said
    assert "50 records were read before it." in said


def test_a_broken_sum_is_noticed():
    packed = bytearray(gzip.compress(LINES))
    packed[-6] ^= 1
    assert "The gzip data are broken" in read_until_broken(bytes(packed))[1]


def test_a_window_over_the_bound_is_refused():
    assert read(zstd_frame(LINES, window_log=27)) == numbered(RECORDS)
    assert "The zstd data are broken" in read_until_broken(zstd_frame(LINES, window_log=28))[1]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor(level=19).compress])
def test_a_bomb_takes_no_memory(pack):
    bomb = pack(b" " * 200 * MIB)
    assert len(bomb) < MIB
    unfolded = 0
    tracemalloc.start()
    try:
        for piece in decompressed(Source(io.BytesIO(bomb))):
            unfolded += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert unfolded == 200 * MIB
    assert peak < 40 * MIB


class Breaking(io.BytesIO):
    def __init__(self, data: bytes, error: Exception) -> None:
        super().__init__(data)
        self.error = error

    def read(self, size=-1) -> bytes:
        if piece := super().read(size):
            return piece
        raise self.error


@pytest.mark.parametrize("error", [OSError("gone"), ConnectionResetError(), ValueError("closed")])
def test_a_source_that_breaks_off_gives_what_it_gave(error):
    found, said = read_until_broken(iter(Source(Breaking(LINES + b'{"cut":', error))))
    assert found == numbered(RECORDS)
    assert said == (
        f"The source broke off: {type(error).__name__}. 50 records were read before it."
    )


def test_a_body_that_is_shorter_than_it_said_gives_what_it_gave():
    pieces = counted(io.BytesIO(LINES), len(LINES) + 1)
    found, said = read_until_broken(pieces)
    assert found == numbered(RECORDS)
    assert f"ends after {len(LINES)} of {len(LINES) + 1} bytes" in said


@pytest.mark.parametrize("kind", PACKED)
def test_progress_runs_over_the_bytes_that_came_in(kind):
    texts = (sha512(str(number).encode()).hexdigest() for number in range(20_000))
    packed = PACKED[kind](json_lines({"text": text} for text in texts))
    source = Source(io.BytesIO(packed))
    seen = [source.read_bytes for _ in read_records(source, max_record_bytes=LIMIT)]
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] == len(packed)


def test_text_that_has_the_mark_of_an_archive_in_its_place_is_text():
    record = {"text": "x" * 248 + "ustar"}
    assert json_lines([record])[257:262] == b"ustar"
    assert read(json_lines([record])) == numbered([record])
