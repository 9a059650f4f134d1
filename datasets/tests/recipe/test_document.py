"""The recipe as one document: read, shown, compared and run again."""

import msgspec
import pytest
from django.db import connection

from datasets.models import Dataset
from datasets.recipe.recipe import Dedupe, Recipe, Strategy, Verify
from datasets.recipe.serializer import recipe_fields
from datasets.tests.factories import DatasetFactory
from traces.tests.factories import TraceFactory

URL = "/api/datasets/build"
ASKED = {
    "filters": {"flag": True, "share": 0.5, "none": None},
    "where": {"min_steps": 1, "created_after": "2020-01-01T00:00:00Z"},
    "limit": 3,
    "selection_strategy": "random",
    "seed": -3,
    "splits": {"train": 0.75, "validation": 0.25},
    "split_by": "trace",
}


@pytest.fixture
def traces(db):
    return TraceFactory.create_batch(6, meta={"flag": True, "share": 0.5, "none": None, "level": 1})


def test_the_recipe_of_a_manifest_builds_the_same_again(curator, traces):
    first = curator.post(URL, name("1") | ASKED, format="json").json()
    recipe = curator.get("/api/datasets/set-1").json()["recipe"]
    assert recipe == {
        **ASKED,
        "version": 1,
        "where": {"min_steps": 1, "created_after": "2020-01-01T00:00:00+00:00"},
    }
    del recipe["version"]
    again = curator.post(URL, name("2") | recipe, format="json").json()
    assert again["content_digest"] == first["content_digest"]
    assert curator.post(URL, name("1") | recipe, format="json").json() == first


def test_what_a_document_leaves_out_is_as_if_nobody_had_asked():
    assert Recipe.read({}) == Recipe()
    assert Recipe().document() == {
        "version": 1,
        "filters": {},
        "where": {},
        "limit": 100,
        "selection_strategy": "latest",
        "seed": None,
        "splits": {},
        "split_by": "prompt",
    }


def test_a_document_from_before_a_step_was_there_is_still_the_same_request(curator, traces):
    asked = name("1") | {"seed": 5, "splits": {"all": 1.0}}
    first = curator.post(URL, asked, format="json")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE datasets_dataset DISABLE TRIGGER dataset_never_changes")
        cursor.execute("UPDATE datasets_dataset SET recipe = recipe - 'split_by'")
        cursor.execute("ALTER TABLE datasets_dataset ENABLE TRIGGER dataset_never_changes")
    again = curator.post(URL, asked, format="json")
    assert (again.status_code, again.json()) == (200, first.json())
    other = curator.post(URL, asked | {"split_by": "trace"}, format="json")
    assert (other.status_code, "(different: split_by)" in other.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"filters": {"level": 1.0}}, 200),
        ({"filters": {"level": True}}, 409),
        ({"filters": {"level": "1"}}, 409),
        ({"filters": {}}, 409),
    ],
)
def test_requests_are_the_same_where_their_values_are(curator, traces, asked, status):
    curator.post(URL, name("1") | {"filters": {"level": 1}}, format="json")
    assert curator.post(URL, name("1") | asked, format="json").status_code == status


def test_what_differs_is_named_by_its_key(curator, traces):
    asked = name("1") | {"provenance": {"why": True}}
    curator.post(URL, asked, format="json")
    changed = asked | {"provenance": {"why": 1}, "limit": 4, "seed": 1}
    answer = curator.post(URL, changed, format="json").json()["detail"]
    assert "(different: limit, seed, provenance)" in answer


@pytest.mark.parametrize(
    "document",
    [
        {"version": 2},
        {"unknown": 1},
        {"limit": 0},
        {"limit": "5"},
        {"seed": 2**63},
        {"selection_strategy": "newest", "seed": 1},
        {"selection_strategy": "random"},
        {"splits": {"all": 1.0}},
        {"splits": {"a": 0.5, "b": 0.4}, "seed": 1},
        {"splits": {"a b": 1.0}, "seed": 1},
        {"split_by": "source"},
        {"split_by": "meta."},
        {"splits": {"a": 1.0}, "split_counts": {"a": 1}, "seed": 1},
        {"split_counts": {"a": 1}},
        {"split_counts": {"a": 0}, "seed": 1},
        {"stratify_by": "level"},
        {"weights": "equal", "limit": 5},
        {"weights": "equal", "limit": None, "stratify_by": "meta.level"},
        {"weights": {"a": 0.5}, "stratify_by": "meta.level"},
        {"weights": {}, "stratify_by": "meta.level"},
        {"verify": {}},
        {"verify": {"criteria": "judge", "missing": "score it"}},
        {"dedupe": {}},
        {"dedupe": {"keep": [{"by": "length"}]}},
        {"dedupe": {"per_prompt": 1, "keep": [{"by": "date"}]}},
        {"dedupe": {"per_prompt": 0}},
        {"exact": 1},
        {"where": {"not": {f"meta.{n}": n for n in range(51)}}},
        {"filters": {"a": [1]}},
        {"filters": {str(n): n for n in range(51)}},
        {"where": {f"meta.{n}": n for n in range(51)}},
        [],
    ],
)
def test_what_is_no_recipe_is_refused(document):
    with pytest.raises(msgspec.ValidationError):
        Recipe.read(document)


@pytest.mark.parametrize(
    "body",
    [
        {"split_by": "prompt\n"},
        {"stratify_by": "meta.level\n"},
        {"dedupe": {"per_prompt": 1, "keep": [{"by": "length\n"}]}},
        {"where": {"tokens": {"tokenizer": "words\n"}}},
    ],
)
def test_a_line_break_behind_a_name_is_refused_with_its_place(curator, traces, body):
    answer = curator.post(URL, name("1") | body, format="json")
    assert (answer.status_code, list(answer.json())) == (400, list(body))
    assert "Not of the form" in answer.content.decode()


def test_a_dataset_that_was_built_by_such_a_name_is_still_shown(curator, traces):
    DatasetFactory(recipe__split_by="prompt\n")
    (shown,) = curator.get("/api/datasets").json()["results"]
    recipe = curator.get(f"/api/datasets/{shown['dataset_key']}").json()["recipe"]
    assert recipe["split_by"] == "prompt\n"


def test_a_body_has_the_fields_of_the_document_and_their_defaults():
    fields = recipe_fields()
    assert ["version", *fields] == list(Recipe.__struct_fields__)
    assert (fields["limit"].default, fields["limit"].min_value) == (100, 1)
    assert (fields["seed"].min_value, fields["seed"].max_value) == (-(2**63), 2**63 - 1)
    assert (fields["exact"].default, fields["verify"].default) == (False, None)
    assert list(fields["verify"].fields) == [*Verify.__struct_fields__]
    assert fields["verify"].fields["criteria"].required
    assert list(fields["selection_strategy"].choices) == list(Strategy)


def test_a_step_that_is_asked_for_stands_in_the_document():
    recipe = Recipe(exact=True, dedupe=Dedupe(per_prompt=2))
    document = recipe.document()
    assert list(document) == [*Recipe().document(), "exact", "dedupe"]
    assert document["dedupe"] == {
        "near": None,
        "per_prompt": 2,
        "distinct_answers": False,
        "keep": [],
    }
    assert Recipe.read(document) == recipe


def test_a_stored_recipe_comes_back_as_it_was(traces):
    recipe = Recipe(filters={"share": 0.5}, where={"meta.none": None}, limit=2**63 - 1, seed=1)
    DatasetFactory(recipe=recipe)
    stored = Dataset.objects.get()
    assert stored.recipe == recipe
    assert stored.splits == {}


def name(version: str) -> dict:
    return {"dataset_name": "set", "dataset_version": version}
