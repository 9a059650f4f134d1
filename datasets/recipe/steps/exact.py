"""The step that keeps one trace of those whose content is the same.

That is the best of them; then an approved one; then the one with the least id.
"""

from typing import Any

from datasets.recipe.candidates import COLUMNS, Candidates
from datasets.recipe.ranking import ranking
from datasets.recipe.recipe import Recipe

APPROVED = "(SELECT status = 'approved' FROM traces_trace AS trace WHERE trace.id = kept.id)"


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    return candidates.part(*parted(recipe, candidates))


def parted(recipe: Recipe, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all; only where there are copies, traces are looked at."""
    rank = ranking(recipe)
    query = f"""
        SELECT {COLUMNS}, CASE WHEN kept.nth > 1 THEN 'same_content' END AS reason,
               CASE WHEN kept.nth > 1 THEN jsonb_build_object('trace', kept.best) END AS because
        FROM (
            SELECT kept.*, row_number() OVER best AS nth, first_value(id) OVER best AS best
            FROM (
                SELECT {COLUMNS}, {rank.columns},
                       CASE WHEN kept.copies > 1 THEN {APPROVED} END AS approved
                FROM (
                    SELECT {COLUMNS}, count(*) OVER (PARTITION BY kept.content_hash) AS copies
                    FROM {candidates.rows}
                ) AS kept {rank.joins}
            ) AS kept
            WINDOW best AS (PARTITION BY content_hash ORDER BY {rank.order}, approved DESC, id)
        ) AS kept
    """  # noqa: S608
    return query, [*rank.column_parameters, *candidates.parameters, *rank.join_parameters]
