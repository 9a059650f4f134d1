"""What datasets of earlier versions become."""

import json
from contextlib import contextmanager
from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection

from datasets.models import Dataset
from datasets.recipe.recipe import Recipe
from datasets.services.delete import delete_dataset
from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from traces.tests.factories import TraceFactory

carrying_over = import_module("datasets.migrations.0007_carry_recipes_over")


@pytest.mark.django_db(transaction=True)
def test_a_dataset_of_before_keeps_its_parent_and_is_what_it_was():
    TraceFactory.create_batch(3)
    DatasetFactory(name="parent", recipe__limit=2)
    DatasetFactory(name="child", parent_key="parent-1")
    columns = {field.attname for field in Dataset._meta.concrete_fields} - {"funnel"}
    before = list(Dataset.objects.values(*columns))
    try:
        call_command("migrate", "datasets", "0002", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    after = list(Dataset.objects.values(*columns))
    limited = before[1]  # of which nobody counted then how many matched
    assert limited.pop("matched_count") == 3
    assert after[1].pop("matched_count") is None
    assert after == before
    assert Dataset.objects.get(key="child-1").parent_dataset_id == "parent-1"


RECIPES = [
    {"filters": {"flag": True, "large": 1e22}, "where": {"min_steps": 1, "meta.source": "made_up"}},
    {"selection_strategy": "random", "seed": -(2**63), "limit": 2},
    {"seed": 7, "splits": {"train": 0.75, "validation": 0.25}, "split_by": "trace"},
]


@pytest.mark.django_db(transaction=True)
def test_the_columns_of_a_recipe_become_its_document(reader, monkeypatch):
    TraceFactory.create_batch(4, meta={"flag": True, "large": 1e22, "source": "made_up"})
    keys = [DatasetFactory(recipe=Recipe(**recipe)).key for recipe in RECIPES]
    delete_dataset(dataset=DatasetFactory(name="deleted"), by=acting())
    before = [manifest(reader, key) for key in keys]
    try:
        call_command("migrate", "datasets", "0005", verbosity=0)
        assert recipes_in_columns() == [
            [
                {"flag": True, "large": 10**22},
                RECIPES[0]["where"],
                "latest",
                None,
                100,
                {},
                "prompt",
            ],
            [{}, {}, "random", -(2**63), 2, {}, "prompt"],
            [{}, {}, "latest", 7, 100, RECIPES[2]["splits"], "trace"],
            [{}, {}, "latest", None, None, {}, "prompt"],
        ]
        call_command("migrate", "datasets", "0006", verbosity=0)
        monkeypatch.setattr(carrying_over, "DATASETS_AT_ONCE", 3)
        with breaking_off_at_piece(2), pytest.raises(OperationalError, match="killed"):
            call_command("migrate", "datasets", "0007", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    after = [manifest(reader, key) for key in keys]
    for funnel in (one.pop("funnel") for one in before):
        assert [line["step"] for line in funnel] == ["match", "select", "split"]
    assert [one.pop("funnel") for one in after] == [[], [], []]  # nobody counted then
    assert after == before
    assert Dataset.objects.get(name="deleted").recipe == Recipe(limit=None)
    with pytest.raises(IntegrityError, match="never changes"):
        Dataset.objects.update(recipe=Recipe())


def manifest(client, key) -> dict:
    return json.loads(client.get(f"/api/datasets/{key}/manifest").getvalue())


def recipes_in_columns() -> list:
    columns = 'filters, "where", selection_strategy, seed, "limit", splits, split_by'
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT jsonb_build_array({columns}) FROM datasets_dataset ORDER BY id")
        return [json.loads(recipe) for (recipe,) in cursor.fetchall()]


@contextmanager
def breaking_off_at_piece(number):
    pieces = []

    def execute(execute, sql, params, many, context):
        pieces.extend([sql] if "DISABLE TRIGGER" in sql else [])
        if len(pieces) == number:
            raise OperationalError("killed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield
    assert len(pieces) == number


KNOWN_BEFORE = """
ALTER TABLE {table} DISABLE TRIGGER {trigger};
UPDATE {table} SET {known};
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE {table} ENABLE TRIGGER {trigger};
"""
EARLIER = [
    ("datasets_datasetitem", "dataset_item_never_changes", "parts = parts & 31"),
    ("datasets_datasetpair", "dataset_pair_never_changes", "parts = parts & 31"),
    ("datasets_dataset", "dataset_never_changes", """part_counts = '{"": {"0": 1, "2": 2}}'"""),
]


@pytest.mark.django_db(transaction=True)
def test_what_is_told_of_traces_with_tools_is_told_of_datasets_too():
    for call, status, answer, step in (
        ({"name": "add"}, "approved", "18", "Nine and nine are to be added by a tool."),
        ({"id": "1"}, "rejected", "none", "Whoever asks for this should ask somebody else."),
    ):
        said = {"role": "assistant", "content": answer, "tool_calls": [call]}
        TraceFactory(
            prompt="9 + 9?",
            final_answer=answer,
            steps=[{"i": 0, "type": "reasoning", "content": step}],
            messages=[{"role": "user", "content": "9 + 9?"}, said],
            status=status,
        )
    TraceFactory()
    pair = {"rules": ["approved_over_rejected"], "max_longer_share": 1}
    DatasetFactory(recipe__pair=pair)
    before = told(Dataset.objects.get())
    assert sorted(before[0]) == [0, 2, 34]
    assert before[1:] == ([34], {"": {"0": 1, "2": 1, "34": 1}})
    try:
        call_command("migrate", "datasets", "0013", verbosity=0)
        with connection.cursor() as cursor:
            for table, trigger, known in EARLIER:
                cursor.execute(KNOWN_BEFORE.format(table=table, trigger=trigger, known=known))
    finally:
        call_command("migrate", verbosity=0)
    after = Dataset.objects.get()
    assert told(after) == before
    with pytest.raises(IntegrityError, match="never changes"):
        after.items.update(parts=1)


def told(dataset) -> tuple:
    """Give the parts of its items and pairs, and their counts."""
    items = dataset.items.order_by("position").values_list("parts", flat=True)
    pairs = dataset.pairs.order_by("position").values_list("parts", flat=True)
    return list(items), list(pairs), dataset.part_counts
