"""Moves what is long in `meta.record` into `original`, where an import put it.

In pieces of one transaction each, in the order of the ids; the last id of a piece is kept with it,
so that what was broken off goes on from there. Rows of which nothing moves cost a read. Backwards
all of it moves back.
"""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import migrations, transaction

from traces.content_trigger import refuse_changes
from tunix_site.progress_bar import progress_bar

ROWS_AT_ONCE = 2_000  # in a transaction
COLUMNS = ("meta", "original")

KEEP_PLACE = """
CREATE TABLE IF NOT EXISTS traces_moved (last uuid NOT NULL);
INSERT INTO traces_moved
SELECT '00000000-0000-0000-0000-000000000000' WHERE NOT EXISTS (SELECT FROM traces_moved);
"""
PIECE = "SELECT id FROM traces_trace WHERE id > %s ORDER BY id LIMIT %s"
# In the order in which all others lock traces, so that nobody waits for who waits for him.
LOCK = "SELECT FROM traces_trace WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"

# Scalars stay, but long texts; of more than twenty those of the shortest names.
DIVIDED = """
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(name, value) FILTER (WHERE stays) AS kept,
        jsonb_object_agg(name, value) FILTER (WHERE NOT stays) AS moved
    FROM (
        SELECT name, value, is_short AND row_number() OVER (
            PARTITION BY is_short ORDER BY octet_length(name), name COLLATE "C"
        ) <= 20 AS stays
        FROM jsonb_each(
            CASE WHEN meta ? 'format' AND jsonb_typeof(meta -> 'record') = 'object'
            THEN meta -> 'record' ELSE '{}' END
        ) AS field (name, value)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN jsonb_typeof(value) = 'string' THEN char_length(value #>> '{}') <= 200
            ELSE jsonb_typeof(value) NOT IN ('object', 'array') END AS is_short
        ) AS measured
    ) AS fields
) AS divided
"""
FIND = f"""
SELECT id FROM traces_trace {DIVIDED}
WHERE id = ANY(%s) AND original IS NULL AND moved IS NOT NULL
"""  # noqa: S608
MOVE = f"""
UPDATE traces_trace SET original = moved,
    meta = CASE WHEN kept IS NULL THEN meta - 'record' ELSE jsonb_set(meta, '{{record}}', kept) END
FROM (SELECT id AS moving, kept, moved FROM traces_trace {DIVIDED} WHERE id = ANY(%s)) AS all_moving
WHERE id = moving
"""  # noqa: S608
FIND_MOVED = "SELECT id FROM traces_trace WHERE id = ANY(%s) AND original IS NOT NULL"
MOVE_BACK = """
UPDATE traces_trace SET original = NULL, meta = meta || jsonb_build_object('record',
    CASE WHEN jsonb_typeof(meta -> 'record') = 'object' THEN meta -> 'record'
    WHEN meta ? 'record' THEN jsonb_build_object('record', meta -> 'record')
    ELSE '{}' END || original
)
WHERE id = ANY(%s)
"""


def move_all(apps: Any, schema_editor: Any, *, find: str, move: str) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(KEEP_PLACE)
        cursor.execute("SELECT last FROM traces_moved")
        (last,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM traces_trace WHERE id > %s", [last])
        (total,) = cursor.fetchone()
        if total:
            with progress_bar(total=total, desc="moving originals", unit=" traces") as bar:
                while total:
                    with transaction.atomic(using=connection.alias):
                        total, last = move_some(cursor, last, find=find, move=move)
                    bar.update(total)
        cursor.execute("DROP TABLE traces_moved")


def move_some(cursor: Any, last: UUID, *, find: str, move: str) -> tuple[int, UUID]:
    """Move of those behind the id `last`; give how many they were, and the last of them."""
    ids = found(cursor, PIECE, [last, ROWS_AT_ONCE])
    moving = found(cursor, find, [ids])
    if moving:
        cursor.execute(refuse_changes(but_of=COLUMNS))
        cursor.execute(LOCK, [moving])
        cursor.execute(move, [moving])
        cursor.execute(refuse_changes())
    last = ids[-1] if ids else last
    cursor.execute("UPDATE traces_moved SET last = %s", [last])
    return len(ids), last


def found(cursor: Any, query: str, parameters: list[Any]) -> list[UUID]:
    cursor.execute(query, parameters)
    return [identity for (identity,) in cursor.fetchall()]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("traces", "0011_keep_originals_beside_traces")]
    operations = [
        migrations.RunPython(
            partial(move_all, find=FIND, move=MOVE),
            partial(move_all, find=FIND_MOVED, move=MOVE_BACK),
        )
    ]
