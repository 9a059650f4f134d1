"""The part of `dedupe` that takes away what is nearly the same as something better."""

from collections.abc import Iterator

import numpy as np

from datasets.recipe.candidates import COLUMNS, Candidates, Decision
from datasets.recipe.ranking import ranking
from datasets.recipe.recipe import Near, NearText, Recipe
from datasets.recipe.text.near_duplicates import STAYS, Duplicates, near_duplicates
from datasets.recipe.text.signed import Part, Signed, answer_classes, signed

PARTS = {NearText.SOLUTION: (Part.SOLUTION,), NearText.ALL: (Part.PROMPT, Part.SOLUTION)}


def apply(recipe: Recipe, near: Near, candidates: Candidates) -> dict[str, int]:
    ordered = _ordered(recipe, candidates)
    count = candidates.count
    traces = signed(ordered, count, PARTS[near.text])
    found = near_duplicates(
        traces.minima,
        threshold=near.threshold,
        texts=traces.texts,
        sizes=traces.chars,
        classes=None if near.across_answers else answer_classes(ordered, count),
        check=lambda done: candidates.check(),
    )
    candidates.findings["near_refused"] = found.refused
    candidates.findings["near_uncompared"] = found.uncompared
    return candidates.decide(_decisions(traces, found))


def _ordered(recipe: Recipe, candidates: Candidates) -> str:
    """Store the candidates' places, the best first; give the table's name."""
    rank = ranking(recipe)
    query = f"""
        SELECT row_number() OVER (ORDER BY {rank.order}, id) - 1 AS place, id, total_chars
        FROM (SELECT {COLUMNS}, {rank.columns} FROM {candidates.rows} {rank.joins}) AS kept
    """  # noqa: S608
    parameters = [*rank.column_parameters, *candidates.parameters, *rank.join_parameters]
    return candidates.beside(query, parameters)


def _decisions(traces: Signed, found: Duplicates) -> Iterator[Decision]:
    """Say what goes, for which trace, and which traces others went for."""
    gone = np.flatnonzero(found.like != STAYS)
    for row, other in zip(gone.tolist(), found.like[gone].tolist(), strict=True):
        similarity = round(float(found.similarity[row]), 4)
        because = {"trace": str(traces.id(other)), "similarity": similarity}
        yield Decision(str(traces.id(row)), "near_duplicate", because)
    for row in np.unique(found.like[gone]).tolist():
        yield Decision(str(traces.id(row)), None, {"cluster": str(traces.id(row))})
