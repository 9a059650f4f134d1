"""Compressed streams: unpacked piece by piece, whatever they unfold to."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

import zstandard

from traces.sources.source import BrokenSource, Source
from tunix_site.api.parsers import UnsupportedEncoding

OUTPUT_BYTES = 1024 * 1024  # of one call to zlib
# A zstd block of 4 bytes unfolds to 128 KiB, and its decompressor gives all it can: 16 MiB of this.
ZSTD_INPUT_BYTES = 512
ZSTD_MAX_WINDOW = 2**27  # what `zstd --long` writes and reads

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
MAGIC_BYTES = 4


def decompressed(source: Source, content_encoding: str = "") -> Iterator[bytes]:
    """Give the source's bytes unpacked, as Content-Encoding says and as their first bytes do.

    UnsupportedEncoding for another Content-Encoding; BrokenSource where the data are broken or end
    early, or unfold to too much for what was sent. Memory is bounded whatever they unfold to.
    """
    encoding = content_encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "zstd"):
        raise UnsupportedEncoding("Content-Encoding must be gzip, zstd or absent.")
    pieces: Iterator[bytes] = iter(source)
    if encoding == "gzip":
        pieces = _gunzip(pieces, source)
    elif encoding == "zstd":
        pieces = _unzstd(pieces, source)
    # a compressed file may be sent without saying so, and also with a Content-Encoding around it
    head, pieces = peek(pieces, MAGIC_BYTES)
    if head.startswith(GZIP_MAGIC):
        return _gunzip(pieces, source)
    if head.startswith(ZSTD_MAGIC) or _is_skippable(head):
        return _unzstd(pieces, source)
    return pieces


def peek(pieces: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Give the first bytes, at least `size` of them where there are so many, and all pieces."""
    head = b""
    while len(head) < size and (piece := next(pieces, None)) is not None:
        head += piece
    return head, chain([head] if head else [], pieces)


def _is_skippable(head: bytes) -> bool:
    """Tell a frame that holds no data: parallel compressors begin with one."""
    return head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F


def _gunzip(pieces: Iterable[bytes], source: Source) -> Iterator[bytes]:
    member = None
    ended = 0
    for piece in pieces:
        data = piece
        while data:
            if member is None:
                if ended and not (data := data.lstrip(b"\0")):  # some tools fill up with zeros
                    break
                member = zlib.decompressobj(wbits=31)
            try:
                output = member.decompress(data, OUTPUT_BYTES)
            except zlib.error:
                raise _broken("gzip", source) from None
            if output:
                source.unfold(len(output))
                yield output
            if member.eof:
                data = member.unused_data
                member = None
                ended += 1
            else:
                data = member.unconsumed_tail
    if member or not ended:
        raise _cut("gzip", source)


def _unzstd(pieces: Iterable[bytes], source: Source) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_MAX_WINDOW)
    frame = None
    ended = 0
    for data in _sliced(pieces, ZSTD_INPUT_BYTES):
        while data:
            frame = frame or decompressor.decompressobj()
            try:
                output = frame.decompress(data)
            except zstandard.ZstdError:
                raise _broken("zstd", source) from None
            if output:
                source.unfold(len(output))
                yield output
            data = b""
            if frame.eof:
                data = frame.unused_data
                frame = None
                ended += 1
    if frame or not ended:
        raise _cut("zstd", source)


def _sliced(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), size):
            yield piece[start : start + size]


def _broken(kind: str, source: Source) -> BrokenSource:
    return BrokenSource(f"The {kind} data are broken within the first {source.read_bytes:,} bytes.")


def _cut(kind: str, source: Source) -> BrokenSource:
    return BrokenSource(f"The {kind} data end early, after {source.read_bytes:,} bytes.")
