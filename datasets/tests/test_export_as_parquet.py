"""GET /api/datasets/{key}/export.parquet: each format's rows as a Parquet file."""

import io
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from datasets.formats import parquet as ours
from datasets.tests.exporting import (
    AS_PARQUET,
    EVERY_LINES,
    EXPORTS,
    LINES,
    asked,
    export,
    rows,
    table,
    url_of,
)
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.models import Trace
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

STEP = pa.struct([("i", pa.int64()), ("type", pa.string()), ("content", pa.string())])
TEXTS = {
    "trace": ["id", "prompts", "trace_steps", "final_answer", "metadata"],
    "tunix_sft": ["id", "prompts", "final_answer", "metadata"],
    "tunix_tagged": ["id", "prompts", "final_answer", "metadata"],
    "training_example": ["id", "prompt", "response", "metadata"],
    "chat": ["prompt", "completion", "metadata"],
    "messages": ["messages", "metadata"],
    "prompt_completion": ["prompt", "completion", "metadata"],
    "unpaired": ["prompt", "completion", "label", "metadata"],
    "stepwise": ["prompt", "completions", "labels", "metadata"],
    "grpo": ["prompt", "prompt_text", "question", "answer", "metadata"],
    "record": [
        *["trace_version", "prompt", "final_answer", "steps", "meta", "external_id", "messages"],
        *["id", "created_at", "status", "tags", "scores", "split", "original"],
    ],
}
MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
THOUGHT = pa.struct([*MESSAGE, ("reasoning_content", pa.string())])


def listed(kind) -> pa.DataType:
    return pa.list_(pa.field("element", kind))


OTHERS = {  # than text
    ("trace", "trace_steps"): listed(pa.string()),
    ("record", "steps"): listed(STEP),
    ("chat", "prompt"): listed(MESSAGE),
    ("chat", "completion"): listed(THOUGHT),
    ("messages", "messages"): listed(THOUGHT),
    ("grpo", "prompt"): listed(MESSAGE),
    ("unpaired", "label"): pa.bool_(),
    ("stepwise", "completions"): listed(pa.string()),
    ("stepwise", "labels"): listed(pa.bool_()),
}
ODD = [
    {"i": 3, "type": "reasoning", "content": "first <b>&</b> \u2028 🧮"},
    {"i": 2**31 - 1, "type": "check", "content": "<end_of_turn>\\"},
]


def test_a_row_has_the_keys_of_a_line(reader):
    trace = TraceFactory(steps=ODD, meta={"level": 3})
    (row,) = rows(export(reader, DatasetFactory(), route="parquet"))
    metadata = json.loads(row.pop("metadata"))
    assert metadata.pop("created_at").endswith("Z")
    assert metadata == {"trace_version": trace.trace_version, "level": 3}
    assert row == {
        "id": str(trace.id),
        "prompts": trace.prompt,
        "trace_steps": [step["content"] for step in ODD],
        "final_answer": trace.final_answer,
    }


@pytest.mark.parametrize("fmt", LINES)
def test_the_rows_are_the_lines_with_metadata_as_text(reader, fmt):
    """Whatever is in them."""
    odd = TraceFactory(
        prompt=' "2"\n\t\u2028 🧮 <start_of_turn>',
        final_answer="",
        steps=ODD,
        meta={"source": "hand", "large": 1e22, "deep": {"a": [None]}, "format": "x", "": ""},
        external_id="e/1",
        tags=["b", "a"],
        messages=[
            *[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}],
            *[{"role": "user", "content": "and?"}, {"role": "assistant", "content": "so"}],
        ],
    )
    ScoreFactory(trace=odd, value=0.5)
    TraceFactory(meta={}, external_id=None)
    TraceFactory.create_batch(20)
    dataset = SplitDatasetFactory()
    for query in ({}, {"split": "train"}, {"split": "validation"}):
        found = rows(export(reader, dataset, fmt, route="parquet", **query))
        assert found == rows(export(reader, dataset, fmt, metadata="json", **query))
        assert [list(row) for row in found] == [TEXTS[fmt]] * len(found)


@pytest.mark.parametrize("fmt", EVERY_LINES)
def test_the_columns_are_the_same_also_where_there_are_no_rows(reader, fmt):
    TraceFactory(meta={}, external_id=None)
    dataset = SplitDatasetFactory()
    for split in (None, "train", "validation"):
        query = {"split": split} if split else {}
        read = table(export(reader, dataset, fmt, route="parquet", **query))
        assert [(field.name, field.type) for field in read.schema] == [
            (name, OTHERS.get((fmt, name), pa.string())) for name in TEXTS[fmt]
        ]
        counted = dataset.stats["split_counts"]
        assert fmt not in LINES or read.num_rows == (counted[split] if split else 1)


@pytest.mark.parametrize("fmt", [fmt for fmt in LINES if fmt != "record"])
def test_without_metadata_their_column_is_not_there(reader, fmt):
    TraceFactory.create_batch(3)
    dataset = DatasetFactory()
    body = export(reader, dataset, fmt, route="parquet", metadata="none")
    assert table(body).column_names == TEXTS[fmt][:-1]
    assert rows(body) == rows(export(reader, dataset, fmt, metadata="none"))


@pytest.mark.parametrize(
    ("fmt", "metadata", "known"),
    [("trace", "object", "json or none"), ("record", "object", "json"), ("record", "none", "json")],
)
def test_what_has_no_columns_of_its_own_is_refused(reader, fmt, metadata, known):
    TraceFactory()
    response = reader.get(f"{url_of(DatasetFactory(), fmt, route='parquet')}&metadata={metadata}")
    assert response.status_code == 400
    assert response.json() == {"metadata": [f"Those of {fmt} come as {known}."]}


def test_table_is_what_export_jsonl_calls_parquet(reader):
    TraceFactory.create_batch(3)
    dataset = DatasetFactory()
    one = reader.get(url_of(dataset, "table", route="parquet"))
    other = reader.get(url_of(dataset, "parquet"))
    assert one.getvalue() == other.getvalue()
    for header in ("ETag", "Content-Disposition", "X-Row-Count"):
        assert one[header] == other[header]
    assert one["Content-Disposition"] == f'attachment; filename="{dataset.key}.parquet"'


@pytest.mark.parametrize("fmt", LINES)
def test_headers_and_the_file_say_what_it_is(reader, fmt):
    TraceFactory.create_batch(12)
    dataset = SplitDatasetFactory()
    url = url_of(dataset, fmt, route="parquet")
    for query, name in (("", ""), ("&split=train", ".train")):
        response = reader.get(url + query)
        assert response["Content-Type"] == "application/vnd.apache.parquet"
        named = f'attachment; filename="{dataset.key}{name}.{fmt}.parquet"'
        assert response["Content-Disposition"] == named
        assert response["X-Content-Digest"] == dataset.content_digest
        assert "Content-Encoding" not in response
        file = parquet.ParquetFile(io.BytesIO(response.getvalue()))
        assert response["X-Row-Count"] == str(file.metadata.num_rows)
        said = file.schema_arrow.metadata
        assert said[b"content_digest"].decode() == dataset.content_digest
        assert said[b"split"].decode() == name.removeprefix(".")
        assert said[b"format_version"].decode() == str(AS_PARQUET[fmt][0].version)
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize("fmt", [fmt for route, fmt in EXPORTS if route == "parquet"])
def test_rows_come_in_groups_of_bounded_size(reader, monkeypatch, fmt):
    monkeypatch.setattr(ours, "BATCH_CHARS", 50_000)
    monkeypatch.setattr(ours, "GROUP_BYTES", 200_000)
    steps = [{"i": 0, "type": "t", "content": "x" * 20_000}]
    Trace.objects.bulk_create(TraceFactory.build_batch(30, steps=steps))
    response = reader.get(url_of(DatasetFactory(), fmt, route="parquet"))
    pieces = list(response)
    assert pieces[0] == b"PAR1"  # before the first group is whole
    file = parquet.ParquetFile(io.BytesIO(b"".join(pieces)))
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert sum(groups) == 30
    assert max(groups) == 12


@pytest.mark.parametrize("fmt", ["trace", "record", "table"])
def test_a_rest_of_rows_is_refused(reader, fmt):
    TraceFactory.create_batch(2)
    url = url_of(DatasetFactory(), fmt, route="parquet")
    response = reader.get(f"{url}&after=1")
    assert response.status_code == 400
    assert response.json() == {"after": ["A parquet file is read whole."]}
    assert reader.get(f"{url}&after=0").status_code == 200


def test_parts_by_byte_are_the_whole(reader):
    TraceFactory.create_batch(12)
    url = url_of(DatasetFactory(), "tunix_sft", route="parquet")
    size = int(reader.head(url)["Content-Length"])
    first = reader.get(url, headers={"Range": "bytes=0-99"})
    know = {"Range": "bytes=100-", "If-Range": first["ETag"]}
    rest = reader.get(url, headers=know)
    assert (first.status_code, rest.status_code) == (206, 206)
    assert rest["Content-Range"] == f"bytes 100-{size - 1}/{size}"
    body = first.getvalue() + rest.getvalue()
    assert body == reader.get(url).getvalue()
    assert reader.head(url, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_other_bytes_have_another_etag(reader, monkeypatch):
    TraceFactory.create_batch(10)
    dataset = SplitDatasetFactory()
    urls = [
        url_of(dataset, fmt, route=route) + query
        for fmt in ("trace", "tunix_sft", "training_example")
        for route in ("jsonl", "parquet")
        for query in ("", "&split=train", "&metadata=none")
    ]
    etags = [reader.get(url)["ETag"] for url in urls]
    assert len(set(etags)) == len(urls)
    monkeypatch.setattr("datasets.formats.containers.version", lambda name: f"a later {name}")
    later = [reader.get(url)["ETag"] for url in urls]
    assert [one == other for one, other in zip(etags, later, strict=True)] == [
        "export.jsonl" in url for url in urls
    ]


def test_records_have_no_name_for_their_bytes(reader):
    """Curation changes them."""
    TraceFactory()
    dataset = DatasetFactory()
    response = reader.get(url_of(dataset, "record", route="parquet"), headers={"Range": "bytes=0-"})
    assert (response.status_code, response["Accept-Ranges"]) == (200, "none")
    assert "ETag" not in response
    assert asked(dataset, "record", route="parquet").etag is None
    assert len(rows(response.getvalue())) == 1


def test_where_all_are_left_out_the_columns_come(reader):
    TraceFactory(final_answer="", meta={"truncated": True})
    response = reader.get(url_of(DatasetFactory(), "tunix_sft", route="parquet"))
    assert response["X-Rows-Left-Out"] == "1; truncated=1"
    read = table(response.getvalue())
    assert (read.num_rows, read.column_names) == (0, TEXTS["tunix_sft"])
