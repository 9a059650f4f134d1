"""Records written into every container, and read back."""

import csv
import gzip
import io
import json
from collections.abc import Iterable

import msgspec
import pyarrow as pa
import pyarrow.parquet
import pytest
import zstandard

from traces.sources.parquet.rows import read_rows
from traces.sources.records import read_records
from traces.sources.source import BadRecord, BrokenSource, Record, Source

LIMIT = 1024 * 1024

PACKED = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def json_lines(records) -> bytes:
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)


def json_array(records) -> bytes:
    return json.dumps(records, ensure_ascii=False).encode()


def csv_file(records, delimiter=",") -> bytes:
    """Write records of texts; what is no text is written as JSON."""
    file = io.StringIO(newline="")
    columns = dict.fromkeys(name for record in records for name in record)
    writer = csv.DictWriter(file, columns, delimiter=delimiter)
    writer.writeheader()
    for record in records:
        writer.writerow(
            {
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in record.items()
            }
        )
    return file.getvalue().encode()


def parquet_file(records, schema=None, **options) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pylist(records, schema=schema), file, **options)
    return file.getvalue()


def in_pieces(data: bytes, size: int) -> Iterable[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read(data: bytes | Iterable[bytes], max_record_bytes=LIMIT, **options) -> list:
    """Read all there is; (line, value) of a record, a BadRecord as it is."""
    source = Source(io.BytesIO(data) if isinstance(data, bytes) else data)
    chunks = list(read_records(source, max_record_bytes=max_record_bytes, **options))
    assert all(0 < len(chunk) <= 2000 for chunk in chunks)
    return [plain(record) for chunk in chunks for record in chunk]


def plain(record: Record | BadRecord):
    if isinstance(record, BadRecord):
        return record
    return record.line, json.loads(record.raw) if record.value is None else record.value


def rows_of(data: bytes, max_record_bytes=LIMIT) -> list:
    """Read a Parquet file as its own process does, but in this one: (number, row)."""
    chunks = list(read_rows(io.BytesIO(data), max_record_bytes))
    return numbered(row for rows, _, _ in chunks for row in rows)


def read_until_broken(data: bytes | Iterable[bytes], **options) -> tuple[list, str]:
    """Give what came before the source could not be read on, and what was said."""
    source = Source(io.BytesIO(data) if isinstance(data, bytes) else data)
    found = []
    chunks = read_records(source, **{"max_record_bytes": LIMIT, **options})
    with pytest.raises(BrokenSource) as broken:
        found.extend(plain(record) for chunk in chunks for record in chunk)
    assert broken.value.detail == {"detail": str(broken.value)}
    return found, str(broken.value)


def numbered(values: Iterable, first: int = 1) -> list[tuple]:
    return list(enumerate(values, start=first))
