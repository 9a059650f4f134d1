"""Computes `prompt_hash` and `parts` of the traces that are there.

In pieces of one transaction each, in the order of the ids; the last id of a piece is kept with it,
so that what was broken off goes on from there. A row is rewritten where one of the two differs.
Traces whose prompt is plain and that came without messages, which most are, cost a read.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import migrations, transaction

from traces.content_trigger import refuse_changes
from traces.document import prompt_hash
from traces.reasoning.turns import parts_of
from tunix_site.progress_bar import progress_bar
from tunix_site.strict_json import stored

READ_AT_ONCE = 2_000  # traces, in a transaction
FETCHED_AT_ONCE = 50  # of which each may take some MiB
COLUMNS = ("prompt_hash", "parts")

KEEP_PLACE = """
CREATE TABLE IF NOT EXISTS traces_computed_anew (last uuid NOT NULL);
INSERT INTO traces_computed_anew
SELECT '00000000-0000-0000-0000-000000000000' WHERE NOT EXISTS (SELECT FROM traces_computed_anew);
"""
# Of meta the reading notes are wanted, not the source record, and of most traces not even these.
READ = """
SELECT id, prompt, prompt_hash, parts, messages,
       CASE WHEN messages IS NOT NULL OR final_answer = '' THEN meta - 'record' END, final_answer
FROM traces_trace WHERE id > %s ORDER BY id LIMIT %s
"""
# In the order in which all others lock traces, so that nobody waits for who waits for him.
LOCK = "SELECT FROM traces_trace WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
WRITE = """
UPDATE traces_trace SET prompt_hash = anew.prompt_hash, parts = anew.parts
FROM unnest(%s::uuid[], %s::uuid[], %s::smallint[]) AS anew (id, prompt_hash, parts)
WHERE traces_trace.id = anew.id
"""


def compute(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(KEEP_PLACE)
        cursor.execute("SELECT last FROM traces_computed_anew")
        (last,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM traces_trace WHERE id > %s", [last])
        (total,) = cursor.fetchone()
        if total:
            with progress_bar(total=total, desc="hashing prompts anew", unit=" traces") as bar:
                while total:
                    with transaction.atomic(using=connection.alias):
                        total, last = compute_some(connection, cursor, last)
                    bar.update(total)
        cursor.execute("DROP TABLE traces_computed_anew")


def compute_some(connection: Any, cursor: Any, last: UUID) -> tuple[int, UUID]:
    """Compute those behind the id `last`; give how many they were, and the last of them."""
    count, anew = 0, []
    for identity, now, wanted in read(connection, last):
        count, last = count + 1, identity
        if now != wanted:
            anew.append((identity, *wanted))
    if anew:
        ids, hashes, parts = map(list, zip(*anew, strict=True))
        cursor.execute(refuse_changes(but_of=COLUMNS))
        cursor.execute(LOCK, [ids])
        cursor.execute(WRITE, [ids, hashes, parts])
        cursor.execute(refuse_changes())
    cursor.execute("UPDATE traces_computed_anew SET last = %s", [last])
    return count, last


def read(connection: Any, last: UUID) -> Iterator[tuple[UUID, tuple[Any, ...], tuple[Any, ...]]]:
    """Give ids with both columns as they are and as they ought to be."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(READ, [last, READ_AT_ONCE])
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for identity, prompt, hashed, parts, messages, meta, final_answer in rows:
                turns = None if messages is None else stored(messages)
                held = 0 if meta is None else int(parts_of(turns, stored(meta), final_answer))
                yield identity, (hashed, parts), (UUID(prompt_hash(prompt, turns)), held)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("traces", "0007_tell_what_a_conversation_holds")]
    operations = [migrations.RunPython(compute, migrations.RunPython.noop)]
