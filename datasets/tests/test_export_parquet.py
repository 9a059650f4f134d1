"""The export format parquet."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from django.conf import settings
from pyarrow import parquet

from datasets.formats import parquet as ours
from datasets.tests.exporting import export, rows, table
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

STEP = pa.struct([("i", pa.int64()), ("type", pa.string()), ("content", pa.string())])
SCHEMA = [
    ("id", pa.string()),
    ("trace_version", pa.string()),
    ("created_at", pa.timestamp("us", tz="UTC")),
    ("source", pa.string()),
    ("external_id", pa.string()),
    ("prompt", pa.string()),
    ("steps", pa.list_(pa.field("element", STEP))),
    ("final_answer", pa.string()),
    ("split", pa.string()),
    ("metadata", pa.string()),
    ("messages", pa.string()),
    ("content_hash", pa.string()),
    ("prompt_hash", pa.string()),
]


def test_a_row_holds_what_the_trace_says(reader):
    trace = TraceFactory(
        trace_version="1.0",
        prompt='Was ist "2"\n\t+ 2?\u2028 🧮',
        final_answer="",
        steps=[
            {"i": 2**31 - 1, "type": "check", "content": "last\\"},
            {"i": 3, "type": "reasoning", "content": "first <b>&</b>"},
        ],
        meta={"source": "hand", "level": 3, "large": 1e22},
        external_id="e/1",
        messages=[{"content": "hi", "role": "user"}],
        created_at=datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC),
    )
    dataset = SplitDatasetFactory(recipe__splits={"all": 1.0})
    read = table(export(reader, dataset, "parquet"))
    (row,) = read.to_pylist()
    assert json.loads(row.pop("metadata")) == {"source": "hand", "level": 3, "large": 1e22}
    assert json.loads(row.pop("messages")) == [{"role": "user", "content": "hi"}]
    assert row == {
        "id": str(trace.id),
        "trace_version": "1.0",
        "created_at": trace.created_at,
        "source": "hand",
        "external_id": "e/1",
        "prompt": trace.prompt,
        "steps": [
            {"i": 3, "type": "reasoning", "content": "first <b>&</b>"},
            {"i": 2**31 - 1, "type": "check", "content": "last\\"},
        ],
        "final_answer": "",
        "split": "all",
        "content_hash": str(trace.content_hash),
        "prompt_hash": str(trace.prompt_hash),
    }


def test_columns_have_the_same_types_whatever_is_in_them(reader):
    """Files of several datasets can be read as one."""
    bare = {"steps": [{"i": 0, "type": "t", "content": "c"}], "meta": {}, "external_id": None}
    TraceFactory(**bare)
    read = table(export(reader, DatasetFactory(), "parquet"))
    assert [(field.name, field.type) for field in read.schema] == SCHEMA
    (row,) = read.to_pylist()
    assert (row["external_id"], row["messages"], row["source"]) == (None, None, "")
    assert (row["split"], row["metadata"]) == ("", "{}")


def test_no_rows_are_a_file_with_the_same_columns(reader):
    TraceFactory()
    dataset = SplitDatasetFactory()
    (empty,) = [name for name, count in dataset.stats["split_counts"].items() if not count]
    read = table(export(reader, dataset, "parquet", split=empty))
    assert (read.num_rows, [field.name for field in read.schema]) == (
        0,
        [name for name, _ in SCHEMA],
    )


def test_headers_and_the_file_say_what_it_is(reader):
    TraceFactory.create_batch(12)
    dataset = SplitDatasetFactory(name="Grade School/math v.1")
    url = f"/api/datasets/{dataset.key}/export.jsonl?format=parquet"
    for query, name in (("", ""), ("&split=train", ".train")):
        response = reader.get(url + query)
        assert response["Content-Type"] == "application/vnd.apache.parquet"
        named = f'attachment; filename="Grade_School_math_v.1-1{name}.parquet"'
        assert response["Content-Disposition"] == named
        assert response["X-Content-Digest"] == dataset.content_digest
        file = parquet.ParquetFile(io.BytesIO(response.getvalue()))
        assert response["X-Row-Count"] == str(file.metadata.num_rows)
        said = file.schema_arrow.metadata
        assert said[b"dataset_key"].decode() == dataset.key
        assert said[b"content_digest"].decode() == dataset.content_digest
        assert said[b"split"].decode() == name.removeprefix(".")
        assert file.metadata.row_group(0).column(5).compression == "ZSTD"


def test_a_split_holds_its_rows_in_order(reader):
    TraceFactory.create_batch(20)
    dataset = SplitDatasetFactory()
    wanted = [row["id"] for row in rows(export(reader, dataset, "trace", split="train"))]
    read = table(export(reader, dataset, "parquet", split="train"))
    assert read["id"].to_pylist() == wanted
    assert set(read["split"].to_pylist()) == {"train"}


def test_rows_come_in_groups_of_bounded_size(reader, monkeypatch):
    monkeypatch.setattr(ours, "BATCH_ROWS", 7)
    monkeypatch.setattr(ours, "GROUP_ROWS", 20)
    Trace.objects.bulk_create(TraceFactory.build_batch(50))
    dataset = DatasetFactory()
    response = reader.get(f"/api/datasets/{dataset.key}/export.jsonl?format=parquet")
    pieces = list(response)
    assert pieces[0] == b"PAR1"  # before the first group is whole
    body = b"".join(pieces)
    file = parquet.ParquetFile(io.BytesIO(body))
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert groups == [14, 14, 14, 8]
    wanted = [row["id"] for row in rows(export(reader, dataset))]
    assert table(body)["id"].to_pylist() == wanted


def test_large_rows_make_smaller_groups(reader, monkeypatch):
    monkeypatch.setattr(ours, "BATCH_CHARS", 50_000)
    monkeypatch.setattr(ours, "GROUP_BYTES", 200_000)
    steps = [{"i": 0, "type": "t", "content": "x" * 20_000}]
    Trace.objects.bulk_create(TraceFactory.build_batch(30, steps=steps))
    file = parquet.ParquetFile(io.BytesIO(export(reader, DatasetFactory(), "parquet")))
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert sum(groups) == 30
    assert max(groups) == 12


def test_a_part_of_a_file_is_refused(reader):
    TraceFactory.create_batch(2)
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl?format=parquet"
    response = reader.get(f"{url}&after=1")
    assert response.status_code == 400
    assert response.json() == {"after": ["A parquet file is read whole."]}
    assert reader.get(f"{url}&after=0").status_code == 200


def test_another_pyarrow_writes_other_bytes(reader, monkeypatch):
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl?format=parquet"
    etag = reader.get(url)["ETag"]
    assert reader.head(url, headers={"If-None-Match": etag}).status_code == 304
    monkeypatch.setattr("datasets.formats.containers.version", lambda name: f"a later {name}")
    assert reader.get(url)["ETag"] != etag


def test_pyarrow_is_not_loaded_for_other_things():
    code = (
        "import sys, django; django.setup()\n"
        "import tunix_site.urls, django.urls; django.urls.get_resolver().url_patterns\n"
        "from datasets.formats.known import AS_PARQUET\n"
        "[fmt.bytes_version(container) for fmt, container in AS_PARQUET.values()]\n"
        "print('pyarrow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "tunix_site.settings", "SECRET_KEY": "x" * 60},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
