"""The kinds of files that exports are written as."""

from collections.abc import Iterable, Iterator
from importlib.metadata import version

import msgspec

from datasets.compression import ENCODINGS, IDENTITY, Encoding
from datasets.formats.format import Format
from datasets.formats.options import Options
from datasets.formats.rows import Columns
from tunix_site.api.pieces import in_pieces

_encode = msgspec.json.Encoder().encode


class Lines:
    """An object a line."""

    media_type = "application/x-ndjson"  # this module is read without Django's settings, too
    suffix = "jsonl"
    encodings: tuple[Encoding, ...] = ENCODINGS
    divisible = True

    def pieces(
        self, fmt: Format, options: Options, rows: Iterable[Columns], about: dict[str, str]
    ) -> Iterator[bytes]:
        make, render = fmt.row._make, fmt.render
        assert render is not None  # noqa: S101  # a format of lines has one
        return in_pieces(_encode(render(make(columns), options)) + b"\n" for columns in rows)

    def writer(self) -> str:
        return ""


class Parquet:
    """A Parquet file of the columns as they are; it is compressed inside."""

    media_type = "application/vnd.apache.parquet"
    suffix = "parquet"
    encodings: tuple[Encoding, ...] = (IDENTITY,)
    divisible = False

    def pieces(
        self, fmt: Format, options: Options, rows: Iterable[Columns], about: dict[str, str]
    ) -> Iterator[bytes]:
        from datasets.formats import parquet  # pyarrow takes 50 MiB

        return parquet.pieces(rows, about)

    def writer(self) -> str:
        return f"pyarrow {version('pyarrow')}"


LINES = Lines()
PARQUET = Parquet()
