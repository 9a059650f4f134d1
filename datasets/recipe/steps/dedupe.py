"""The step that keeps so many attempts at one prompt, the best first.

Answers are the same where they are the same number, or the same text but for white space,
capitals and what surrounds them.
"""

import hashlib
from fractions import Fraction
from typing import Any

from datasets.recipe.candidates import COLUMNS, Candidates
from datasets.recipe.ranking import ranking
from datasets.recipe.recipe import Dedupe, Recipe
from traces.reasoning.answers.notation import MAX_ANSWER_CHARS, answer_in, in_plain_signs
from traces.reasoning.answers.quantities import quantity

KEY_CHARS = 32


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    dedupe = recipe.dedupe
    if dedupe is None or not (dedupe.per_prompt or dedupe.distinct_answers):
        return {}
    answers = _answers(candidates) if dedupe.distinct_answers else None
    return candidates.part(*parted(recipe, dedupe, candidates, answers))


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


def answer_key(answer: str) -> str:
    """Give a short text that answers share where they are the same."""
    key = " ".join(answer.split()).casefold()
    if len(answer) <= MAX_ANSWER_CHARS:
        text = in_plain_signs(answer_in(answer))
        if found := quantity(text):
            value = Fraction(found.value)
            text = f"{value.numerator:x}/{value.denominator:x} as a number"
        key = text.casefold()
    return key if len(key) <= KEY_CHARS else hashlib.sha256(key.encode()).hexdigest()[:KEY_CHARS]
