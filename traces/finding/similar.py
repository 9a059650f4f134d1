"""Which traces say nearly the same, by the signatures that are written behind ingest."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction

from traces.finding.minhash import VERSION, Minima, bands_of, merged, similarities, stored_minima
from traces.finding.signatures import Signatures
from traces.indexes import Pending, Signature
from traces.models import Trace

MAX_CANDIDATES = 1_000
# The planner takes bands for common words, and would rather read the whole table.
USE_THE_INDEX = "SELECT set_config('enable_seqscan', 'off', true)"
CANDIDATES = f"""
    SELECT trace_id, prompt_minima, solution_minima FROM {Signature._meta.db_table}
    WHERE bands && %s AND version = %s AND trace_id <> %s LIMIT %s
"""  # noqa: S608


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
