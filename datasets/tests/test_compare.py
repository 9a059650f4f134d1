"""GET /api/datasets/compare, and the traces that it counts."""

import json
from operator import itemgetter
from urllib.parse import urlencode

import pytest
from django.db import connection

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from traces.models import Trace
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/datasets/compare"
CHANGES = ("added", "removed", "moved")
SPLITS = {"recipe__seed": 1, "recipe__splits": {"test": 0.5, "train": 0.5}}


def compare(client, base, other):
    return client.get(f"{URL}?{urlencode({'base': base.key, 'other': other.key})}")


def lines(client, url) -> list[dict]:
    response = client.get(url)
    assert response.status_code == 200, response.content
    return [json.loads(line) for line in response.getvalue().splitlines()]


def test_rows_that_were_added_removed_and_moved_are_counted_and_listed(reader):
    TraceFactory.create_batch(20)
    base = DatasetFactory(name="base", **SPLITS)
    gone = list(base.items.order_by("position").values_list("trace_id", flat=True)[:3])
    new = [trace.id for trace in TraceFactory.create_batch(4)]
    Trace.objects.filter(pk__in=gone).update(status="rejected")
    other = DatasetFactory(
        name="other",
        recipe__seed=2,
        recipe__splits={"test": 0.25, "train": 0.75},
        recipe__where={"not": {"status": "rejected"}},
    )
    found = compare(reader, base, other).json()
    was, now = (dict(one.items.values_list("trace_id", "split")) for one in (base, other))
    moved = [identity for identity in was if identity in now and was[identity] != now[identity]]
    assert moved
    assert [found[change]["count"] for change in CHANGES] == [4, 3, len(moved)]

    added, removed, changed = (lines(reader, found[change]["ids_url"]) for change in CHANGES)
    assert added == [
        {"trace": str(identity), "base": None, "other": now[identity]} for identity in reversed(new)
    ]
    assert removed == [
        {"trace": str(identity), "base": was[identity], "other": None} for identity in gone
    ]
    assert sorted(changed, key=itemgetter("trace")) == [
        {"trace": str(identity), "base": was[identity], "other": now[identity]}
        for identity in sorted(moved)
    ]


def test_what_differs_in_recipe_and_statistics_is_shown_side_by_side(reader):
    TraceFactory.create_batch(3)
    base, other = DatasetFactory(recipe__limit=3), DatasetFactory(recipe__limit=2, **SPLITS)
    found = compare(reader, base, other).json()
    assert found["recipe"] == {
        "limit": [3, 2],
        "seed": [None, 1],
        "splits": [{}, {"test": 0.5, "train": 0.5}],
    }
    assert found["stats"]["trace_count"] == [3, 2]
    assert found["stats"]["split_counts"][0] == {}
    assert {"edges", "min_step_count"}.isdisjoint(found["stats"])


def test_the_same_dataset_differs_in_nothing(reader):
    TraceFactory.create_batch(2)
    one = DatasetFactory(**SPLITS)
    found = compare(reader, one, one).json()
    assert [found.pop(change)["count"] for change in CHANGES] == [0, 0, 0]
    assert found == {"recipe": {}, "stats": {}}
    empty = f"{URL}/ids.jsonl?base={one.key}&other={one.key}&change=moved"
    assert lines(reader, empty) == []


def test_what_an_older_dataset_does_not_have_is_null(reader):
    TraceFactory()
    base, other = DatasetFactory(), DatasetFactory()
    older = {name: other.stats[name] for name in other.stats if name not in ("edges", "by_split")}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing waits for the table's triggers
        cursor.execute("ALTER TABLE datasets_dataset DISABLE TRIGGER USER")
    Dataset.objects.filter(pk=base.pk).update(stats=older)
    found = compare(reader, base, other).json()["stats"]
    assert set(found) == {"edges", "by_split"}
    assert found["by_split"] == [None, other.stats["by_split"]]


@pytest.mark.parametrize("path", ["", "/ids.jsonl"])
@pytest.mark.parametrize("missing", ["base", "other"])
def test_a_dataset_that_is_not_there_is_named(reader, path, missing):
    TraceFactory()
    key = DatasetFactory(name="here").key
    asked = {"base": key, "other": key, missing: "gone-1"} | ((path and {"change": "added"}) or {})
    response = reader.get(f"{URL}{path}?{urlencode(asked)}")
    assert response.status_code == 404
    assert response.json() == {"detail": "Dataset gone-1 not found."}


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("?base=here-1", "other"),
        ("?other=here-1", "base"),
        ("?base=&other=here-1", "base"),
        ("?base=here-1&other=here-1&split=train", "split"),
        ("/ids.jsonl?base=here-1&other=here-1", "change"),
        ("/ids.jsonl?base=here-1&other=here-1&change=all", "change"),
    ],
)
def test_a_bad_query_is_refused_by_its_key(reader, query, key):
    TraceFactory()
    DatasetFactory(name="here")
    response = reader.get(f"{URL}{query}")
    assert (response.status_code, list(response.json())) == (400, [key])


@pytest.mark.django_db(transaction=True)
def test_a_dataset_that_is_deleted_meanwhile_is_compared_with_nothing(reader, curator):
    TraceFactory()
    base, other = DatasetFactory(), DatasetFactory()
    with just_before("FULL JOIN", lambda: elsewhere(lambda: deleted(curator, other))):
        response = compare(reader, base, other)
    assert response.status_code == 404
    assert other.key in response.json()["detail"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("change", "gone"), [("added", "base"), ("moved", "other")])
def test_what_was_changed_is_not_listed_of_a_dataset_that_is_deleted_after_it_was_counted(
    reader, curator, change, gone
):
    TraceFactory.create_batch(3)
    kept = DatasetFactory(**SPLITS)
    asked = {"base": DatasetFactory().key, "other": kept.key, "change": change}
    with just_before("SELECT set_config", lambda: elsewhere(lambda: removed(curator, asked[gone]))):
        response = reader.get(f"{URL}/ids.jsonl?{urlencode(asked)}")
    assert response.status_code == 404
    assert "deleted" in response.json()["detail"]


def deleted(client, dataset) -> None:
    removed(client, dataset.key)


def removed(client, key) -> None:
    assert client.delete(f"/api/datasets/{key}").status_code == 204
