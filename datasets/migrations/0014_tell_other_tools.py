"""Gives items, pairs and datasets with calls of tools what is told of their traces since.

In pieces of one transaction each; what was broken off is gone through again, and nothing but
counts is written twice. The triggers are off in these transactions alone.
"""

from importlib import import_module
from typing import Any

from django.db import migrations, transaction

from traces.reasoning.turns import Parts

earlier = import_module("datasets.migrations.0005_fill_parts_of_datasets")

WITH_TOOLS = f"""
SELECT id, trace_count FROM datasets_dataset
WHERE content_digest <> '' AND deleted_at IS NULL AND EXISTS (
    SELECT FROM jsonb_each(part_counts) AS split (name, counts)
    CROSS JOIN LATERAL jsonb_object_keys(counts) AS held (parts)
    WHERE held.parts::int & {int(Parts.TOOLS)} <> 0
) ORDER BY id
"""  # noqa: S608
FILL_PAIRS = """
ALTER TABLE datasets_datasetpair DISABLE TRIGGER dataset_pair_never_changes;
UPDATE datasets_datasetpair AS pair SET parts = chosen.parts | rejected.parts
FROM traces_trace AS chosen, traces_trace AS rejected
WHERE chosen.id = pair.chosen_id AND rejected.id = pair.rejected_id
AND pair.dataset_id = %s AND pair.parts <> (chosen.parts | rejected.parts);
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE datasets_datasetpair ENABLE TRIGGER dataset_pair_never_changes;
"""


def fill(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(WITH_TOOLS)
        for dataset, count in cursor.fetchall():
            for first in range(0, count, earlier.ITEMS_AT_ONCE):
                piece = [dataset, first, first + earlier.ITEMS_AT_ONCE]
                cursor.execute(earlier.DIFFERING, piece)
                if cursor.fetchone()[0]:
                    with transaction.atomic(using=connection.alias):
                        cursor.execute(earlier.FILL_ITEMS, piece)
            with transaction.atomic(using=connection.alias):
                cursor.execute(FILL_PAIRS, [dataset])
                cursor.execute(earlier.FILL_DATASET, [dataset, dataset])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("datasets", "0013_datasets_keep_pairs"),
        ("traces", "0017_tell_other_tools"),
    ]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
