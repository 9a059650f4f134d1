"""GET /api/datasets/{key}/export.jsonl: rows, headers and refusals."""

import json

import pytest
from django.db import connection

from datasets.formats.known import FORMATS
from datasets.tests.exporting import EXPORTS, KNOWN_LINES, LINES, export, rows, url_of
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.tests.factories import TraceFactory
from tunix_site.api.renderers import NDJSON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("route", "fmt"), EXPORTS)
def test_the_bytes_are_the_same_at_every_export(reader, route, fmt):
    for n in range(20):
        TraceFactory(meta={"source": "s", "b": n, "a": {"z": 1, "y": [1.5, None]}})
    dataset = SplitDatasetFactory()
    assert len({export(reader, dataset, fmt, route=route) for _ in range(3)}) == 1


@pytest.mark.parametrize(("route", "fmt"), EXPORTS)
def test_rows_come_in_the_order_of_the_manifest(reader, route, fmt):
    TraceFactory.create_batch(30)
    dataset = DatasetFactory(recipe__selection_strategy="random", recipe__seed=8)
    manifest = json.loads(reader.get(f"/api/datasets/{dataset.key}/manifest").getvalue())
    exported = rows(export(reader, dataset, fmt, route=route))
    found = []
    for row in exported:
        metadata = row.get("metadata", {})
        known = json.loads(metadata) if isinstance(metadata, str) else metadata
        found.append(known.get("source_trace_id") or row["id"])
    assert found == manifest["trace_ids"]


@pytest.mark.parametrize(("route", "fmt"), EXPORTS)
def test_it_comes_as_bytes_of_no_type_where_that_is_asked_for(reader, route, fmt):
    TraceFactory()
    dataset = DatasetFactory()
    url = url_of(dataset, fmt, route=route)
    response = reader.get(url, headers={"Accept": "application/octet-stream"})
    assert response["Content-Type"] == "application/octet-stream"
    assert response.getvalue() == export(reader, dataset, fmt, route=route)


def test_splits_part_the_rows_and_keep_their_order(reader):
    TraceFactory.create_batch(30)
    dataset = SplitDatasetFactory()
    whole = [(row["id"], row["split"]) for row in rows(export(reader, dataset, "record"))]
    assert {split for _, split in whole} == {"train", "validation"}
    for split in ("train", "validation"):
        wanted = [identity for identity, of in whole if of == split]
        for fmt in ("trace", "tunix_sft", "record"):
            assert [row["id"] for row in rows(export(reader, dataset, fmt, split=split))] == wanted


def test_a_split_that_got_nothing_is_empty(reader):
    TraceFactory()
    dataset = SplitDatasetFactory()
    (empty,) = [name for name, count in dataset.stats["split_counts"].items() if not count]
    response = reader.get(f"/api/datasets/{dataset.key}/export.jsonl?split={empty}")
    assert response.getvalue() == b""
    assert response["X-Row-Count"] == "0"


@pytest.mark.parametrize("fmt", LINES)
def test_headers_say_what_comes(reader, fmt):
    TraceFactory.create_batch(12)
    dataset = SplitDatasetFactory(name="Grade School/math v.1")
    url = f"/api/datasets/{dataset.key}/export.jsonl?format={fmt}"
    response = reader.get(url)
    assert response["Content-Type"] == "application/x-ndjson"
    name = f"Grade_School_math_v.1-1.{fmt}.jsonl"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Row-Count"] == str(len(rows(response.getvalue()))) == "12"
    assert response["X-Rows-After"] == "0"
    assert response["Accept-Ranges"] == ("bytes" if FORMATS[fmt].lasting else "none")
    assert response["X-Content-Digest"] == dataset.content_digest
    response = reader.get(f"{url}&split=train")
    name = f"Grade_School_math_v.1-1.train.{fmt}.jsonl"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Row-Count"] == str(len(rows(response.getvalue())))
    assert response["X-Row-Count"] == str(dataset.stats["split_counts"]["train"])


@pytest.mark.parametrize(("route", "fmt"), EXPORTS)
def test_a_head_has_the_headers_alone(reader, route, fmt):
    TraceFactory.create_batch(2)
    url = url_of(DatasetFactory(), fmt, route=route)
    head, got = reader.head(url), reader.get(url)
    assert head.status_code == 200
    assert head.getvalue() == b""
    length = str(len(got.getvalue())) if fmt != "record" else None
    assert head.get("Content-Length") == length
    own = "X-Request-ID"
    assert {k: v for k, v in head.items() if k != own} == {k: v for k, v in got.items() if k != own}


PARQUET = "application/vnd.apache.parquet"


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("jsonl", NDJSON),
        ("jsonl?format=record", NDJSON),
        ("jsonl?format=parquet", PARQUET),
        ("parquet", PARQUET),
        ("parquet?format=table", PARQUET),
    ],
)
def test_what_is_accepted_agrees_with_the_format(reader, method, query, kind):
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/export.{query}"
    ask = getattr(reader, method)
    assert ask(url)["Content-Type"] == kind
    for accept in (kind, "*/*", "application/*", f"text/html, {kind};q=0.1"):
        response = ask(url, headers={"Accept": accept})
        assert (response.status_code, response["Content-Type"]) == (200, kind)
    for accept in ({NDJSON, PARQUET} - {kind}).pop(), "application/json", "text/html", "no type":
        response = ask(url, headers={"Accept": accept})
        assert (response.status_code, response["Content-Type"]) == (406, "application/json")


@pytest.mark.parametrize(
    ("route", "accept"), [("jsonl", NDJSON), ("jsonl", "*/*"), ("parquet", PARQUET)]
)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=csv", "format"),
        ("format=", "format"),
        ("format=TRACE", "format"),
        ("format=json", "format"),
        ("format=trace&format=record", "format"),
        ("split=test", "split"),
        ("split=", "split"),
        ("split=Train", "split"),
        ("split=%00", "split"),
        ("split=" + "a" * 65, "split"),
        ("limit=1", "limit"),
    ],
)
def test_what_is_refused_names_its_parameter(reader, route, accept, query, field):
    TraceFactory()
    url = f"{url_of(SplitDatasetFactory(), route=route)}?{query}"
    response = reader.get(url, headers={"Accept": accept})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/json"
    assert list(response.json()) == [field]


def test_the_refusal_lists_what_is_known(reader):
    TraceFactory()
    url = f"/api/datasets/{SplitDatasetFactory().key}/export.jsonl"
    (reason,) = reader.get(f"{url}?format=csv").json()["format"]
    assert reason == f"Unknown format; known ones: {', '.join([*KNOWN_LINES, 'parquet'])}."
    (reason,) = reader.get(f"{url}?format=table").json()["format"]
    assert reason.endswith("tunix_tagged, preference_tunix, training_example, record, parquet.")
    (reason,) = reader.get(f"{url.replace('jsonl', 'parquet')}?format=parquet").json()["format"]
    assert reason.endswith("tunix_tagged, preference_tunix, training_example, record, table.")
    (reason,) = reader.get(f"{url}?split=test").json()["split"]
    assert reason == "Unknown split; this dataset's: train, validation."
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl"
    (reason,) = reader.get(f"{url}?split=train").json()["split"]
    assert reason == "Unknown split; this dataset's: none."


@pytest.mark.parametrize("route", ["jsonl", "parquet"])
@pytest.mark.parametrize("accept", ["application/*", "*/*"])
def test_an_unknown_dataset_is_answered_in_json(reader, route, accept):
    response = reader.get(f"/api/datasets/nobody-1/export.{route}", headers={"Accept": accept})
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"
    assert list(response.json()) == ["detail"]


def test_the_literal_path_is_no_pattern(reader):
    TraceFactory()
    key = DatasetFactory().key
    assert reader.get(f"/api/datasets/{key}/exportXjsonl").status_code == 404
    assert reader.get(f"/api/datasets/{key}/exportXparquet").status_code == 404
    assert reader.get(f"/api/datasets/{key}/export").status_code == 404


def everything(reader, dataset) -> dict:
    return {(route, fmt): export(reader, dataset, fmt, route=route) for route, fmt in EXPORTS}


def test_exports_and_manifests_work_while_debugging(reader, settings):
    TraceFactory.create_batch(3)
    dataset = DatasetFactory()
    plain = everything(reader, dataset)
    settings.DEBUG = True
    connection.force_debug_cursor = True
    try:
        assert everything(reader, dataset) == plain
        assert reader.get(f"/api/datasets/{dataset.key}/manifest").status_code == 200
    finally:
        connection.force_debug_cursor = False


def test_curation_changes_records_alone(reader, curator):
    trace = TraceFactory()
    dataset = DatasetFactory(recipe__where={"status": "unreviewed"})
    before = everything(reader, dataset)
    changes = {"status": "rejected", "tags": ["seen"]}
    curator.patch(f"/api/traces/{trace.id}", changes, format="json")
    curator.post(f"/api/traces/{trace.id}/score", {"criteria": "baseline"}, format="json")
    after = everything(reader, dataset)
    changed = [one for one in EXPORTS if after[one] != before[one]]
    assert changed == [("jsonl", "record"), ("parquet", "record")]
    (record,) = rows(after["jsonl", "record"])
    assert (record["status"], record["tags"]) == ("rejected", ["seen"])
    assert [score["criteria"] for score in record["scores"]] == ["baseline"]


def test_traces_that_come_later_are_not_in_it(reader):
    TraceFactory()
    dataset = DatasetFactory()
    before = everything(reader, dataset)
    TraceFactory()
    assert everything(reader, dataset) == before
