"""The step that takes away what is nearly the same, then keeps so many attempts at one prompt.

Of several the best stays, by the recipe's `keep`.
"""

from typing import Any

from datasets.recipe.candidates import COLUMNS, Candidates
from datasets.recipe.ranking import ranking
from datasets.recipe.recipe import Dedupe, Recipe
from datasets.recipe.steps import near
from datasets.recipe.text.answers import answer_key


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    dedupe = recipe.dedupe
    assert dedupe is not None  # noqa: S101  # the funnel asks
    removed = near.apply(recipe, dedupe.near, candidates) if dedupe.near else {}
    if dedupe.per_prompt or dedupe.distinct_answers:
        answers = _answers(candidates) if dedupe.distinct_answers else None
        removed |= candidates.part(*parted(recipe, dedupe, candidates, answers))
    return removed


def parted(
    recipe: Recipe, dedupe: Dedupe, candidates: Candidates, answers: str | None
) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all: first one of each answer, then the first of these."""
    rank = ranking(recipe)
    answer, join = "kept.id", ""
    if answers is not None:
        answer, join = "told.answer", f"JOIN {answers} AS told ON told.id = kept.id"
    query = f"""
        SELECT {COLUMNS},
               CASE WHEN kept.same > 1 THEN 'same_answer'
                    WHEN kept.nth > %s THEN 'beyond_per_prompt' END AS reason,
               CASE WHEN kept.same > 1 THEN jsonb_build_object('trace', kept.twin)
                    WHEN kept.nth > %s THEN jsonb_build_object('trace', kept.best) END AS because
        FROM (
            SELECT kept.*, row_number() OVER best AS nth, first_value(id) OVER best AS best
            FROM (
                SELECT kept.*, row_number() OVER twins AS same, first_value(id) OVER twins AS twin
                FROM (
                    SELECT {COLUMNS}, {rank.columns}, {answer} AS answer
                    FROM {candidates.rows} {rank.joins} {join}
                ) AS kept
                WINDOW twins AS (PARTITION BY prompt_hash, answer ORDER BY {rank.order}, id)
            ) AS kept
            WINDOW best AS (PARTITION BY prompt_hash, same = 1 ORDER BY {rank.order}, id)
        ) AS kept
    """  # noqa: S608
    most = [dedupe.per_prompt] * 2
    return query, [
        *most,
        *rank.column_parameters,
        *candidates.parameters,
        *rank.join_parameters,
    ]


def _answers(candidates: Candidates) -> str:
    """Store what each candidate's answer comes to; give the table's name."""
    with candidates.read("kept.id, trace.final_answer", order="kept.id") as rows:
        answers = [(identity, answer_key(answer or "")) for identity, answer in rows]
    return candidates.table("id uuid, answer text", answers)
