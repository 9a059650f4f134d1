"""Tells of traces with calls of tools whether chat templates can write them, in `parts`.

In pieces of one transaction each, in the order of the ids; the last id of a piece is kept with it,
so that what was broken off goes on from there. A row is rewritten where its parts differ; those
without tools are passed by.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import migrations, transaction

from traces.content_trigger import refuse_changes
from traces.reasoning.turns import Parts, parts_of
from tunix_site.progress_bar import progress_bar
from tunix_site.strict_json import stored

READ_AT_ONCE = 2_000  # traces, in a transaction
FETCHED_AT_ONCE = 50  # of which each may take some MiB
COLUMNS = ("parts",)

KEEP_PLACE = """
CREATE TABLE IF NOT EXISTS traces_told_anew (last uuid NOT NULL);
INSERT INTO traces_told_anew
SELECT '00000000-0000-0000-0000-000000000000' WHERE NOT EXISTS (SELECT FROM traces_told_anew);
"""
WITH_TOOLS = f"FROM traces_trace WHERE id > %s AND parts & {int(Parts.TOOLS)} <> 0"
READ = f"""
SELECT id, parts, messages, meta - 'record', final_answer {WITH_TOOLS} ORDER BY id LIMIT %s
"""  # noqa: S608
# In the order in which all others lock traces, so that nobody waits for who waits for him.
LOCK = "SELECT FROM traces_trace WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
WRITE = """
UPDATE traces_trace SET parts = anew.parts
FROM unnest(%s::uuid[], %s::smallint[]) AS anew (id, parts)
WHERE traces_trace.id = anew.id
"""


def tell(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(KEEP_PLACE)
        cursor.execute("SELECT last FROM traces_told_anew")
        (last,) = cursor.fetchone()
        cursor.execute(f"SELECT count(*) {WITH_TOOLS}", [last])  # noqa: S608
        (total,) = cursor.fetchone()
        if total:
            with progress_bar(total=total, desc="telling tools anew", unit=" traces") as bar:
                while total:
                    with transaction.atomic(using=connection.alias):
                        total, last = tell_some(connection, cursor, last)
                    bar.update(total)
        cursor.execute("DROP TABLE traces_told_anew")


def tell_some(connection: Any, cursor: Any, last: UUID) -> tuple[int, UUID]:
    """Tell of those behind the id `last`; give how many they were, and the last of them."""
    count, anew = 0, []
    for identity, now, wanted in read(connection, last):
        count, last = count + 1, identity
        if now != wanted:
            anew.append((identity, wanted))
    if anew:
        ids, parts = map(list, zip(*anew, strict=True))
        cursor.execute(refuse_changes(but_of=COLUMNS))
        cursor.execute(LOCK, [ids])
        cursor.execute(WRITE, [ids, parts])
        cursor.execute(refuse_changes())
    cursor.execute("UPDATE traces_told_anew SET last = %s", [last])
    return count, last


def read(connection: Any, last: UUID) -> Iterator[tuple[UUID, int, int]]:
    """Give ids with the parts as they are and as they ought to be."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(READ, [last, READ_AT_ONCE])
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for identity, now, messages, meta, final_answer in rows:
                yield identity, now, int(parts_of(stored(messages), stored(meta), final_answer))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("traces", "0016_find_reviews_by_what_they_say")]
    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
