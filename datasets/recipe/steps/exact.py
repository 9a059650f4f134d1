"""The step that keeps one trace of those whose content is the same.

That is one that `verify` keeps, where it is asked for: scores follow from more than the content, as
from a reference answer. Of these the best; then an approved one; then the one with the least id.
"""

from typing import Any

from datasets.recipe.candidates import COLUMNS, Candidates
from datasets.recipe.ranking import ranking
from datasets.recipe.recipe import Recipe
from datasets.recipe.steps.verify import verdict

APPROVED = "(SELECT status = 'approved' FROM traces_trace AS trace WHERE trace.id = kept.id)"


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    copied = _copied(candidates)
    if not candidates.size_of(copied):
        return {}
    return candidates.part(*parted(recipe, candidates, copied))


def _copied(candidates: Candidates) -> str:
    """Store the hash of each content that several candidates have; give the table's name."""
    return candidates.beside(
        f"SELECT content_hash FROM {candidates.rows} GROUP BY content_hash HAVING count(*) > 1",  # noqa: S608
        candidates.parameters,
    )


def parted(recipe: Recipe, candidates: Candidates, copied: str) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all; only those that have copies are put in an order."""
    rank, told = ranking(recipe), verdict(recipe, candidates)
    query = f"""
        SELECT {COLUMNS}, CASE WHEN copy.nth > 1 THEN 'same_content' END AS reason,
               CASE WHEN copy.nth > 1 THEN jsonb_build_object('trace', copy.best) END AS because
        FROM {candidates.rows} LEFT JOIN (
            SELECT id, row_number() OVER best AS nth, first_value(id) OVER best AS best
            FROM (
                SELECT kept.id, kept.content_hash, {rank.columns}, {APPROVED} AS approved,
                       {told.reason} AS goes
                FROM {candidates.rows} JOIN {copied} USING (content_hash) {rank.joins} {told.joins}
            ) AS kept
            WINDOW best AS (
                PARTITION BY content_hash
                ORDER BY goes IS NULL DESC, {rank.order}, approved DESC, id
            )
        ) AS copy ON copy.id = kept.id
    """  # noqa: S608
    return query, [
        *rank.column_parameters,
        *told.reason_parameters,
        *candidates.parameters,
        *rank.join_parameters,
        *told.join_parameters,
        *candidates.parameters,
    ]
