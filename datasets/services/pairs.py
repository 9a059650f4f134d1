"""Writing the pairs that a recipe made, and what is told of them."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from datasets.models import Dataset, DatasetPair
from datasets.recipe.candidates import Candidates, Pairs
from tunix_site.database.copy_out import copy_out

DIGESTED_AT_ONCE = 1_000  # lines


def insert_pairs(*, dataset: Dataset, candidates: Candidates, pairs: Pairs) -> None:
    """Write them in order, each with the split of its traces, which is one."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {DatasetPair._meta.db_table}
            (dataset_id, position, chosen_id, rejected_id, split, reason, margin, parts)
            SELECT %s, pair.position, chosen.id, rejected.id, chosen.split, pair.reason,
                   pair.margin, chosen.parts | rejected.parts
            FROM {pairs.table} AS pair
            JOIN (SELECT id, position, split, parts FROM {candidates.rows}) AS chosen
            ON chosen.position = pair.chosen
            JOIN (SELECT id, position, parts FROM {candidates.rows}) AS rejected
            ON rejected.position = pair.rejected
            ORDER BY pair.position
            """,  # noqa: S608
            [dataset.pk, *candidates.parameters, *candidates.parameters],
        )


def pair_stats(*, dataset: Dataset) -> dict[str, Any]:
    """Count the pairs by split and by the rule that made them."""
    counts: dict[str, dict[str, int]] = {"split": {}, "reason": {}}
    with connection.cursor() as cursor:
        for column, by_value in counts.items():
            cursor.execute(
                f"SELECT {column}, count(*) FROM {DatasetPair._meta.db_table} "  # noqa: S608
                f"WHERE dataset_id = %s GROUP BY {column} ORDER BY {column}",
                [dataset.pk],
            )
            by_value.update(cursor.fetchall())
    return {
        "pair_count": sum(counts["reason"].values()),
        "pair_rule_counts": counts["reason"],
        "pair_split_counts": {
            name: counts["split"].get(name, 0) for name in sorted(dataset.splits)
        },
    }


def digested_pairs(*, dataset: Dataset, candidates: Candidates) -> Iterator[bytes]:
    r"""Yield a line `chosen\trejected\tsplit\treason` per pair, in order, by content hashes."""
    pieces = rf"""
        SELECT string_agg(
            chosen.content_hash::text || E'\t' || rejected.content_hash::text || E'\t'
            || pair.split || E'\t' || pair.reason || E'\n', '' ORDER BY pair.position
        )
        FROM {DatasetPair._meta.db_table} AS pair
        JOIN (SELECT id, content_hash FROM {candidates.rows}) AS chosen
        ON chosen.id = pair.chosen_id
        JOIN (SELECT id, content_hash FROM {candidates.rows}) AS rejected
        ON rejected.id = pair.rejected_id
        WHERE pair.dataset_id = %s
        GROUP BY pair.position / {DIGESTED_AT_ONCE} ORDER BY pair.position / {DIGESTED_AT_ONCE}
    """  # noqa: S608
    with copy_out(pieces, [*candidates.parameters, *candidates.parameters, dataset.pk]) as copy:
        for (piece,) in copy.rows():
            yield piece.encode()
