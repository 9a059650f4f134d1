"""Prompts that are nearly the same: no part may be held out while others are trained on."""

import numpy as np

from datasets.recipe.candidates import Candidates
from datasets.recipe.text.near_groups import near_groups
from datasets.recipe.text.signed import Part, signed

THRESHOLD = 0.7


def grouped_prompts(candidates: Candidates) -> str:
    """Group prompts of such a similarity, transitively; give a table of those that are grouped.

    It has each `prompt_hash`, and as `grouped` the smallest of its group. What is not sure of them
    is told as `split_near`.
    """
    prompts = candidates.beside(
        f"""
        SELECT row_number() OVER (ORDER BY prompt_hash) - 1 AS place, id, total_chars, prompt_hash
        FROM (
            SELECT DISTINCT ON (kept.prompt_hash) kept.prompt_hash, kept.id, kept.total_chars
            FROM {candidates.rows} ORDER BY kept.prompt_hash, kept.content_hash, kept.id
        ) AS prompt
        """,  # noqa: S608
        candidates.parameters,
    )
    traces = signed(prompts, candidates.size_of(prompts), (Part.QUESTION,))
    found = near_groups(
        traces.minima,
        threshold=THRESHOLD,
        texts=traces.texts,
        sizes=traces.chars,
        check=lambda done: candidates.check(),
    )
    candidates.findings["split_near"] = {"refused": found.refused, "uncompared": found.uncompared}
    firsts = found.firsts
    joined = np.flatnonzero(firsts != np.arange(len(firsts)))
    pairs = zip(joined.tolist(), firsts[joined].tolist(), strict=True)
    groups = candidates.table("place bigint PRIMARY KEY, first bigint", pairs)
    return candidates.beside(
        f"""
        SELECT own.prompt_hash, first.prompt_hash AS grouped
        FROM {groups} AS joined
        JOIN {prompts} AS own ON own.place = joined.place
        JOIN {prompts} AS first ON first.place = joined.first
        """,  # noqa: S608
        [],
    )
