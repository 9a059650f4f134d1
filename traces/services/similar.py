"""Which traces say nearly the same: signatures written behind ingest, and looked up."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction

from traces.models import Pending, Signature, Trace
from traces.similarity import VERSION, signatures, similarities
from tunix_site import strict_json

MAX_CANDIDATES = 1_000
READ_AT_ONCE = 100  # texts of a trace may take a mebibyte

READ_TEXTS = """
    SELECT id, prompt, steps, final_answer FROM traces_trace WHERE id = ANY(%s)
"""
WRITE = """
    INSERT INTO traces_signature (trace_id, version, minima, bands)
    SELECT trace_id, %s, minima, bands::bigint[]
    FROM unnest(%s::uuid[], %s::bytea[], %s::text[]) AS new (trace_id, minima, bands)
    ON CONFLICT (trace_id) DO UPDATE SET
        version = EXCLUDED.version, minima = EXCLUDED.minima, bands = EXCLUDED.bands
"""
# The planner takes bands for common words, and would rather read the whole table.
USE_THE_INDEX = "SELECT set_config('enable_seqscan', 'off', true)"
CANDIDATES = """
    SELECT trace_id, minima FROM traces_signature
    WHERE bands && %s AND version = %s AND trace_id <> %s LIMIT %s
"""


def index_signatures(*, trace_ids: list[UUID]) -> None:
    """Write the signatures of traces, anew where they have one; unknown ids are passed over."""
    with connection.cursor() as cursor:
        for start in range(0, len(trace_ids), READ_AT_ONCE):
            cursor.execute(READ_TEXTS, [trace_ids[start : start + READ_AT_ONCE]])
            rows = cursor.fetchall()
            found = signatures(
                text_of(prompt=prompt, steps=strict_json.stored(steps), final_answer=answer)
                for _, prompt, steps, answer in rows
            )
            ids = [row[0] for row in rows]
            bands = [f"{{{','.join(map(str, signature.bands))}}}" for signature in found]
            cursor.execute(WRITE, [VERSION, ids, [one.minima for one in found], bands])


def text_of(*, prompt: str, steps: list[dict[str, Any]], final_answer: str) -> str:
    """Give all that a trace says, in one text."""
    return "\n".join([prompt, *[step["content"] for step in steps], final_answer])


def find_similar(*, trace: Trace, limit: int, min_similarity: float) -> dict[str, Any]:
    """Find the traces that are estimated to be so similar to a trace, the most similar first.

    At most MAX_CANDIDATES of those that share a band are compared; `complete` where these were all,
    and no trace waits for its signature. Five queries.
    """
    minima, bands = _signature_of(trace)
    waits = Pending.objects.filter(kind=Pending.Kind.SIMILAR).exists()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(USE_THE_INDEX)
        cursor.execute(CANDIDATES, [bands, VERSION, trace.pk, MAX_CANDIDATES + 1])
        rows = cursor.fetchall()
    compared = rows[:MAX_CANDIDATES]
    shares = similarities(minima, [other for _, other in compared])
    ranked = sorted(
        (-share, trace_id)
        for (trace_id, _), share in zip(compared, shares, strict=True)
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


def _signature_of(trace: Trace) -> tuple[bytes, list[int]]:
    """Read a trace's signature, or compute it where there is none of this version."""
    stored = Signature.objects.filter(pk=trace.pk, version=VERSION).first()
    if stored is not None:
        return bytes(stored.minima), stored.bands
    text = text_of(prompt=trace.prompt, steps=trace.steps, final_answer=trace.final_answer)
    (computed,) = signatures([text])
    return computed.minima, computed.bands
