"""Writing what the steps of a build left as the items of its dataset, and what they are like."""

import hashlib
from typing import Any

from datasets.models import Dataset, DatasetItem
from datasets.recipe.candidates import Candidates
from datasets.services.pairs import digested_pairs, insert_pairs, pair_stats
from datasets.statistics.counting import statistics
from tunix_site.database.copy_out import copy_out

DIGESTED_AT_ONCE = 1_000  # lines
FILLED = (
    "funnel",
    "findings",
    "trace_count",
    "matched_count",
    "stats",
    "part_counts",
    "content_digest",
)


def fill(*, cursor: Any, dataset: Dataset, candidates: Candidates) -> None:
    """Write the candidates that are left as items, and note what they are."""
    _insert_items(cursor, dataset, candidates)
    dataset.trace_count = candidates.count
    dataset.matched_count = dataset.funnel[0]["out"]
    dataset.stats, dataset.part_counts = statistics(cursor, candidates, dataset.splits)
    if candidates.pairs is not None:
        insert_pairs(dataset=dataset, candidates=candidates, pairs=candidates.pairs)
        dataset.stats |= pair_stats(dataset=dataset)
    dataset.content_digest = _content_digest(dataset, candidates)
    dataset.findings = candidates.findings
    dataset.save(update_fields=FILLED)


def _insert_items(cursor: Any, dataset: Dataset, candidates: Candidates) -> None:
    """Write them as they lie, which is by position: to sort them once more would change nothing.

    A last verdict that is not the trace's status is unsettled: another person's is wanted, or two
    people differ.
    """
    cursor.execute(
        f"""
        INSERT INTO {DatasetItem._meta.db_table}
        (dataset_id, position, trace_id, split, parts, facts, review_id)
        SELECT %s, position, kept.id, split, parts,
               CASE WHEN last.unsettled THEN coalesce(facts, '{{}}') || '{{"unsettled": true}}'
                    ELSE facts END,
               last.id
        FROM {candidates.rows} LEFT JOIN LATERAL (
            SELECT review.id, review.verdict <> trace.status AS unsettled
            FROM traces_review AS review JOIN traces_trace AS trace ON trace.id = review.trace_id
            WHERE (SELECT EXISTS (SELECT FROM traces_review))
            AND review.trace_id = kept.id AND review.undoes_id IS NULL
            AND NOT EXISTS (SELECT FROM traces_review AS undo WHERE undo.undoes_id = review.id)
            ORDER BY review.id DESC LIMIT 1
        ) AS last ON true
        """,  # noqa: S608
        [dataset.pk],
    )


def _content_digest(dataset: Dataset, candidates: Candidates) -> str:
    r"""SHA-256 over a line `content_hash\tsplit` per item, in order, and then those of pairs."""
    pieces = rf"""
        SELECT string_agg(content_hash::text || E'\t' || split || E'\n', '' ORDER BY position)
        FROM {candidates.rows}
        GROUP BY position / {DIGESTED_AT_ONCE} ORDER BY position / {DIGESTED_AT_ONCE}
    """  # noqa: S608
    digest = hashlib.sha256()
    with copy_out(pieces, []) as copy:
        for (piece,) in copy.rows():
            digest.update(piece.encode())
    if candidates.pairs is not None:
        for line in digested_pairs(dataset=dataset, candidates=candidates):
            digest.update(line)
    return digest.hexdigest()
