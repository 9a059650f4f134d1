"""Which traces say nearly the same: signatures written behind ingest, and looked up."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from traces.finding.signatures import COPY_COLUMNS, COPY_OPTIONS, Signatures, copy_file, copy_rows
from traces.finding.similarity import VERSION, Minima, bands_of, merged, similarities, stored_minima
from traces.models import Pending, Signature, Trace
from tunix_site import strict_json

MAX_CANDIDATES = 1_000
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
# The planner takes bands for common words, and would rather read the whole table.
USE_THE_INDEX = "SELECT set_config('enable_seqscan', 'off', true)"
CANDIDATES = f"""
    SELECT trace_id, prompt_minima, solution_minima FROM {TABLE}
    WHERE bands && %s AND version = %s AND trace_id <> %s LIMIT %s
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


def find_similar(*, trace: Trace, limit: int, min_similarity: float) -> dict[str, Any]:
    """Find the traces that are estimated to be so similar to a trace, the most similar first.

    At most MAX_CANDIDATES of those that share a band are compared; `complete` where these were all,
    and no trace waits for its signature. Five queries.
    """
    ours = _minima_of(trace)
    waits = Pending.objects.filter(kind=Pending.Kind.SIMILAR).exists()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(USE_THE_INDEX)
        bands = bands_of(ours)[0].tolist()
        cursor.execute(CANDIDATES, [bands, VERSION, trace.pk, MAX_CANDIDATES + 1])
        rows = cursor.fetchall()
    compared = rows[:MAX_CANDIDATES]
    prompts, solutions = (stored_minima([row[column] for row in compared]) for column in (1, 2))
    shares = similarities(ours, merged(prompts, solutions))
    ranked = sorted(
        (-share, row[0])
        for row, share in zip(compared, shares, strict=True)
        if share >= min_similarity
    )
    return {
        "results": _rows({trace_id: -share for share, trace_id in ranked[:limit]}),
        "candidates": len(compared),
        "complete": len(rows) == len(compared) and not waits,
    }


def _rows(found: dict[UUID, float]) -> list[dict[str, Any]]:
    """Give the rows of a list with their similarity, in order; some may be deleted since."""
    rows = {row["id"]: row for row in Trace.objects.filter(pk__in=found).previews()}
    return [{**rows[pk], "similarity": share} for pk, share in found.items() if pk in rows]


def _minima_of(trace: Trace) -> Minima:
    """Read a trace's signature, or compute it where there is none of this version."""
    stored = Signature.objects.filter(pk=trace.pk, version=VERSION)
    for parts in stored.values_list("prompt_minima", "solution_minima"):
        return merged(*(stored_minima([bytes(part)]) for part in parts))
    return Signatures.of([(trace.prompt, trace.steps, trace.final_answer)]).whole
