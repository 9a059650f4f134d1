"""Signatures of traces, written behind ingest."""

from collections.abc import Iterator
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from traces.finding.signatures import COPY_COLUMNS, COPY_OPTIONS, Signatures, copy_file, copy_rows
from traces.indexes import Signature
from tunix_site import strict_json

READ_AT_ONCE = 100  # texts of a trace may take a mebibyte

READ_TEXTS = """
    SELECT id, prompt, steps, final_answer FROM traces_trace WHERE id = ANY(%s) ORDER BY id
"""
TABLE = Signature._meta.db_table
STAGE = "tunix_new_signatures"
WRITE_ANEW = f"""
    INSERT INTO {TABLE} ({COPY_COLUMNS}) SELECT {COPY_COLUMNS} FROM {STAGE} ORDER BY trace_id
    ON CONFLICT (trace_id) DO UPDATE SET
        version = EXCLUDED.version, bands = EXCLUDED.bands,
        prompt_minima = EXCLUDED.prompt_minima, solution_minima = EXCLUDED.solution_minima
"""  # noqa: S608


def index_signatures(*, trace_ids: list[UUID]) -> None:
    """Write the signatures of traces, anew where they have one; unknown ids are passed over."""
    file = copy_file(list(_computed(trace_ids)))
    try:
        with transaction.atomic():
            _copy(TABLE, file)
    except IntegrityError:  # they were noted again: rare, and this way takes half as long again
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {STAGE} (LIKE {TABLE}) ON COMMIT DROP")
            _copy(STAGE, file)
            cursor.execute(f"{WRITE_ANEW}; DROP TABLE {STAGE}")


def _computed(trace_ids: list[UUID]) -> Iterator[bytes]:
    with connection.cursor() as cursor:
        for start in range(0, len(trace_ids), READ_AT_ONCE):
            cursor.execute(READ_TEXTS, [trace_ids[start : start + READ_AT_ONCE]])
            rows = cursor.fetchall()
            found = Signatures.of(
                [(prompt, strict_json.stored(steps), answer) for _, prompt, steps, answer in rows]
            )
            yield copy_rows([row[0] for row in rows], found)


def _copy(table: str, file: bytes) -> None:
    statement = f"COPY {table} ({COPY_COLUMNS}) FROM STDIN ({COPY_OPTIONS})"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        copy.write(file)
