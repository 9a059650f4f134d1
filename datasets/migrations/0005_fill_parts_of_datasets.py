"""Gives items and datasets of before what their traces hold.

In pieces of one transaction each; a dataset that has its counts is done, so that what was broken
off goes on from there. The triggers are off in these transactions alone.
"""

from typing import Any

from django.db import migrations, transaction

ITEMS_AT_ONCE = 20_000

UNFINISHED = """
SELECT id, trace_count FROM datasets_dataset
WHERE content_digest <> '' AND deleted_at IS NULL AND part_counts = '{}' ORDER BY id
"""
DIFFERING = """
SELECT EXISTS (
    SELECT FROM datasets_datasetitem AS item JOIN traces_trace AS trace ON trace.id = item.trace_id
    WHERE item.dataset_id = %s AND item.position >= %s AND item.position < %s
    AND item.parts <> trace.parts
)
"""
FILL_ITEMS = """
ALTER TABLE datasets_datasetitem DISABLE TRIGGER dataset_item_never_changes;
UPDATE datasets_datasetitem AS item SET parts = trace.parts
FROM traces_trace AS trace
WHERE trace.id = item.trace_id AND item.dataset_id = %s
AND item.position >= %s AND item.position < %s AND item.parts <> trace.parts;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE datasets_datasetitem ENABLE TRIGGER dataset_item_never_changes;
"""
FILL_DATASET = """
ALTER TABLE datasets_dataset DISABLE TRIGGER dataset_never_changes;
UPDATE datasets_dataset SET part_counts = (
    SELECT jsonb_object_agg(split, counts) FROM (
        SELECT split, jsonb_object_agg(parts::text, number) AS counts FROM (
            SELECT split, parts, count(*) AS number
            FROM datasets_datasetitem WHERE dataset_id = %s GROUP BY split, parts
        ) AS counted GROUP BY split
    ) AS by_split
) WHERE id = %s;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE datasets_dataset ENABLE TRIGGER dataset_never_changes;
"""


def fill(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(UNFINISHED)
        for dataset, count in cursor.fetchall():
            for first in range(0, count, ITEMS_AT_ONCE):
                piece = [dataset, first, first + ITEMS_AT_ONCE]
                cursor.execute(DIFFERING, piece)
                if cursor.fetchone()[0]:
                    with transaction.atomic(using=connection.alias):
                        cursor.execute(FILL_ITEMS, piece)
            with transaction.atomic(using=connection.alias):
                cursor.execute(FILL_DATASET, [dataset, dataset])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("datasets", "0004_items_and_datasets_know_parts")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
