"""GET /api/datasets/{key}/export.jsonl?after=N: the rest of an export that broke off."""

import gzip

import pytest
import zstandard
from django.db import connection

from datasets.export.reading import FIRST_ROW_FAST
from datasets.tests.exporting import LINES, asked, export, rows
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("fmt", LINES)
def test_the_parts_are_the_whole(reader, fmt):
    TraceFactory.create_batch(12)
    dataset = SplitDatasetFactory(recipe__selection_strategy="random")
    for query in ({}, {"split": "train"}, {"split": "validation"}):
        whole = export(reader, dataset, fmt, **query)
        lines = whole.splitlines(keepends=True)
        for after in range(len(lines) + 1):
            part = export(reader, dataset, fmt, after=after, **query)
            assert b"".join(lines[:after]) + part == whole


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_compressed_parts_are_the_whole_too(reader, encoding):
    TraceFactory.create_batch(5)
    dataset = DatasetFactory()

    def part(after) -> bytes:
        return reader.get(
            f"/api/datasets/{dataset.key}/export.jsonl?after={after}",
            headers={"Accept-Encoding": encoding},
        ).getvalue()

    def decoded(data) -> bytes:
        if encoding == "gzip":
            return gzip.decompress(data)
        return zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(data)

    whole = export(reader, dataset)
    lines = whole.splitlines(keepends=True)
    for after in range(6):
        assert decoded(part(after)) == b"".join(lines[after:])
    assert decoded(part(0) + part(5) + part(3)) == whole + b"".join(lines[3:])


def test_headers_say_what_is_left_out(reader):
    TraceFactory.create_batch(12)
    dataset = SplitDatasetFactory()
    url = f"/api/datasets/{dataset.key}/export.jsonl"
    for query, count in (("", 12), ("&split=train", dataset.stats["split_counts"]["train"])):
        response = reader.get(f"{url}?after=2{query}")
        assert response["X-Row-Count"] == str(count)
        assert response["X-Rows-After"] == "2"
        assert len(rows(response.getvalue())) == count - 2
        assert response["X-Content-Digest"] == dataset.content_digest
        head = reader.head(f"{url}?after=2{query}")
        assert (head["X-Row-Count"], head["X-Rows-After"]) == (str(count), "2")


@pytest.mark.parametrize(
    "after",
    ["13", "9223372036854775807", "9223372036854775808", "-1", "1.0", "", "x", "1e0", "%00"],
)
def test_a_place_that_is_not_there_is_refused(reader, after):
    TraceFactory.create_batch(12)
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl"
    for method in (reader.get, reader.head):
        response = method(f"{url}?after={after}", headers={"Accept": "application/x-ndjson"})
        assert response.status_code == 400
    assert list(reader.get(f"{url}?after={after}").json()) == ["after"]


def test_the_refusal_says_how_many_rows_there_are(reader):
    TraceFactory.create_batch(12)
    dataset = SplitDatasetFactory()
    url = f"/api/datasets/{dataset.key}/export.jsonl"
    assert reader.get(f"{url}?after=13").json() == {
        "after": ["There are 12 rows: `after` is 0 to 12."]
    }
    in_train = dataset.stats["split_counts"]["train"]
    assert reader.get(f"{url}?split=train&after={in_train + 1}").json() == {
        "after": [f"There are {in_train} rows: `after` is 0 to {in_train}."]
    }


@pytest.mark.parametrize("split", [None, "train"])
def test_traces_that_are_left_out_are_not_visited(split):
    Trace.objects.bulk_create(TraceFactory.build_batch(2_000))
    dataset = SplitDatasetFactory()
    count = dataset.stats["split_counts"]["train"] if split else 2_000
    query, parameters = asked(dataset, split=split, after=count - 10).query()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE traces_trace, datasets_datasetitem")  # as autovacuum does
        cursor.execute(FIRST_ROW_FAST)
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", parameters)
        ((plan,),) = cursor.fetchall()
    assert visited(plan[0]["Plan"], "traces_trace") == 10


def visited(node: dict, table: str) -> int:
    """Count the rows of a table that a plan's run has looked at."""
    own = node["Actual Rows"] * node["Actual Loops"] if node.get("Relation Name") == table else 0
    return int(own) + sum(visited(below, table) for below in node.get("Plans", []))
