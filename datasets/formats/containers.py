"""The kinds of files that exports are written as."""

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Protocol

import msgspec

from datasets.compression import ENCODINGS, IDENTITY, Encoding
from datasets.formats.options import EVERY_METADATA, Metadata
from datasets.formats.rows import Columns, Render
from datasets.formats.schema import Schema
from tunix_site.api.pieces import in_pieces

_encode = msgspec.json.Encoder().encode


class Container(Protocol):
    """A kind of file; parts of a `divisible` one, joined, are the whole."""

    name: str
    media_type: str
    suffix: str
    encodings: tuple[Encoding, ...]
    divisible: bool
    metadata: tuple[Metadata, ...]  # how they may come

    def pieces(
        self, rows: Iterable[Columns], render: Render, schema: Schema, about: dict[str, str]
    ) -> Iterator[bytes]:
        """Yield the bytes of rows; `about` says of which dataset they are."""

    def writer(self) -> str:
        """Name the program that the bytes depend on; empty where it is this one."""


class Lines:
    """An object a line."""

    name = "lines"
    media_type = "application/x-ndjson"  # this module is read without Django's settings, too
    suffix = "jsonl"
    encodings: tuple[Encoding, ...] = ENCODINGS
    divisible = True
    metadata: tuple[Metadata, ...] = EVERY_METADATA

    def pieces(
        self, rows: Iterable[Columns], render: Render, schema: Schema, about: dict[str, str]
    ) -> Iterator[bytes]:
        return in_pieces(_encode(row) + b"\n" for row in render(rows))

    def writer(self) -> str:
        return ""


class Parquet:
    """A Parquet file, compressed inside; its columns are the same whatever is in them."""

    name = "Parquet files"
    media_type = "application/vnd.apache.parquet"
    suffix = "parquet"
    encodings: tuple[Encoding, ...] = (IDENTITY,)
    divisible = False
    metadata: tuple[Metadata, ...] = (Metadata.JSON, Metadata.NONE)

    def pieces(
        self, rows: Iterable[Columns], render: Render, schema: Schema, about: dict[str, str]
    ) -> Iterator[bytes]:
        from datasets.formats import parquet  # pyarrow takes 50 MiB

        return parquet.pieces(rows, render, schema, about)

    def writer(self) -> str:
        return f"pyarrow {version('pyarrow')}"


LINES = Lines()
PARQUET = Parquet()
