"""GET of the list, a dataset and its manifest."""

import json

import pytest

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

UNKNOWN = ["nobody-1", "%00", "a%00b", "%ff", "a%0a", "a%2fb", "..", "a" * 3_000, "%F0%9F"]


def test_the_list_is_newest_first_with_small_rows(reader):
    TraceFactory()
    keys = [DatasetFactory().key for _ in range(3)]
    page = reader.get("/api/datasets").json()
    assert [row["dataset_key"] for row in page["results"]] == keys[::-1]
    assert list(page["results"][0]) == [
        "dataset_key",
        "build_id",
        "dataset_name",
        "dataset_version",
        "created_at",
        "selection_strategy",
        "trace_count",
        "content_digest",
    ]


def test_the_list_goes_page_by_page(reader):
    TraceFactory()
    keys = [DatasetFactory().key for _ in range(5)]
    seen, url = [], "/api/datasets?limit=2&count=true"
    while url:
        page = reader.get(url).json()
        assert page["count"] == 5
        seen += [row["dataset_key"] for row in page["results"]]
        url = page["next"]
    assert seen == keys[::-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "cursor=x", "page=1", "limit=1&limit=2"])
def test_a_bad_query_is_refused(reader, query):
    assert reader.get(f"/api/datasets?{query}").status_code == 400


def test_a_page_costs_a_constant_number_of_queries(reader, django_assert_num_queries):
    TraceFactory()
    for _ in range(5):
        DatasetFactory(parent_key=Dataset.objects.first().key if Dataset.objects.exists() else "")
    with django_assert_num_queries(2):  # the key and the page
        reader.get("/api/datasets")
    key = Dataset.objects.first().key
    with django_assert_num_queries(1):  # the key is known
        reader.get(f"/api/datasets/{key}")


def test_a_deleted_dataset_is_gone(reader, curator):
    TraceFactory()
    key = DatasetFactory().key
    curator.delete(f"/api/datasets/{key}")
    assert reader.get("/api/datasets").json()["results"] == []
    for path in ("", "/manifest", "/export.jsonl"):
        assert reader.get(f"/api/datasets/{key}{path}").status_code == 404
    assert curator.delete(f"/api/datasets/{key}").status_code == 404


@pytest.mark.parametrize("key", UNKNOWN)
@pytest.mark.parametrize("path", ["", "/manifest", "/export.jsonl"])
def test_reading_an_unknown_dataset_is_404_and_makes_nothing(reader, key, path):
    response = reader.get(f"/api/datasets/{key}{path}")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"
    assert not Dataset.objects.exists()


def test_the_manifest_lists_everything_in_order(reader):
    TraceFactory.create_batch(5)
    dataset = SplitDatasetFactory(name="set", session_id="s", provenance={"why": "test"})
    response = reader.get("/api/datasets/set-1/manifest")
    assert response["Content-Type"] == "application/json"
    manifest = json.loads(response.getvalue())
    ids = dataset.items.order_by("position").values_list("trace_id", flat=True)
    assert manifest == {
        "dataset_key": "set-1",
        "build_id": str(dataset.build_id),
        "dataset_name": "set",
        "dataset_version": "1",
        "dataset_schema_version": "1.0",
        "created_at": dataset.created_at.isoformat().replace("+00:00", "Z"),
        "filters": {},
        "where": {},
        "selection_strategy": "latest",
        "seed": 7,
        "limit": None,
        "splits": {"train": 0.5, "validation": 0.5},
        "split_by": "prompt",
        "recipe": {
            "version": 1,
            "filters": {},
            "where": {},
            "limit": None,
            "selection_strategy": "latest",
            "seed": 7,
            "splits": {"train": 0.5, "validation": 0.5},
            "split_by": "prompt",
        },
        "funnel": dataset.funnel,
        "trace_ids": [str(identity) for identity in ids],
        "trace_count": 5,
        "stats": dataset.stats,
        "session_id": "s",
        "parent_dataset_id": None,
        "training_run_id": None,
        "provenance": {"why": "test"},
        "content_digest": dataset.content_digest,
    }
    assert list(manifest)[:3] == ["dataset_key", "build_id", "dataset_name"]
    assert list(manifest)[-1] == "content_digest"


def test_detail_is_the_manifest_without_its_ids(reader):
    TraceFactory()
    DatasetFactory(name="set")
    manifest = json.loads(reader.get("/api/datasets/set-1/manifest").getvalue())
    del manifest["trace_ids"]
    assert reader.get("/api/datasets/set-1").json() == manifest


def test_a_large_manifest_comes_in_pieces(reader):
    from traces.models import Trace

    Trace.objects.bulk_create(TraceFactory.build_batch(5_000))
    DatasetFactory(name="set")
    pieces = list(reader.get("/api/datasets/set-1/manifest"))
    assert len(json.loads(b"".join(pieces))["trace_ids"]) == 5_000
    assert max(map(len, pieces)) < 150_000
    assert len(pieces) > 3


@pytest.mark.parametrize("path", ["", "/set-1", "/set-1/manifest", "/set-1/export.jsonl"])
def test_paths_may_end_with_a_slash(reader, path):
    TraceFactory()
    DatasetFactory(name="set")
    assert reader.get(f"/api/datasets{path}/").status_code == 200


@pytest.mark.parametrize("path", ["", "/set-1", "/set-1/manifest", "/set-1/export.jsonl"])
def test_nothing_is_read_without_a_key(client, path):
    TraceFactory()
    DatasetFactory(name="set")
    assert client.get(f"/api/datasets{path}").status_code == 401


@pytest.mark.parametrize("method", ["put", "patch", "post"])
def test_a_dataset_cannot_be_written(curator, method):
    TraceFactory()
    DatasetFactory(name="set")
    assert getattr(curator, method)("/api/datasets/set-1", {}, format="json").status_code == 405
