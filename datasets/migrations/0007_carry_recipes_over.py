"""Makes one document of the columns that were a recipe.

In pieces of one transaction each; a dataset that has its document is done, so that what was broken
off goes on from there. The trigger is off in these transactions alone.
"""

from typing import Any

from django.db import migrations, transaction

DATASETS_AT_ONCE = 500

TO_DOCUMENTS = """
UPDATE datasets_dataset SET recipe = jsonb_build_object(
    'version', 1, 'filters', filters, 'where', "where", 'limit', "limit",
    'selection_strategy', selection_strategy, 'seed', seed, 'splits', splits, 'split_by', split_by
) WHERE id IN (SELECT id FROM datasets_dataset WHERE recipe = '{}' LIMIT %s)
"""
TO_COLUMNS = """
UPDATE datasets_dataset SET
    filters = recipe->'filters', "where" = recipe->'where', "limit" = (recipe->>'limit')::bigint,
    selection_strategy = recipe->>'selection_strategy', seed = (recipe->>'seed')::bigint,
    splits = recipe->'splits', split_by = recipe->>'split_by'
WHERE id IN (SELECT id FROM datasets_dataset WHERE split_by IS NULL LIMIT %s)
"""


def to_documents(apps: Any, schema_editor: Any) -> None:
    fill(schema_editor.connection, TO_DOCUMENTS)


def to_columns(apps: Any, schema_editor: Any) -> None:
    fill(schema_editor.connection, TO_COLUMNS)


def fill(connection: Any, statement: str) -> None:
    filled = DATASETS_AT_ONCE
    while filled:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE datasets_dataset DISABLE TRIGGER dataset_never_changes")
            cursor.execute(statement, [DATASETS_AT_ONCE])
            filled = cursor.rowcount
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE datasets_dataset ENABLE TRIGGER dataset_never_changes")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("datasets", "0006_datasets_know_their_recipe")]
    operations = [migrations.RunPython(to_documents, to_columns)]
