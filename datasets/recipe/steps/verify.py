"""The step that keeps the traces with a score of at least so much, and notes which."""

from typing import Any

from datasets.recipe.candidates import Candidates, columns
from datasets.recipe.recipe import Lacking, Recipe, Verify
from datasets.recipe.scored import scores, version_of

VERIFIED = "coalesce(kept.facts, '{}') || jsonb_build_object('verified', score.value)"


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    verify = recipe.verify
    assert verify is not None  # noqa: S101  # the funnel asks
    version = version_of(verify.criteria, verify.scorer_version)
    candidates.findings["verified_by"] = {
        "criteria": verify.criteria,
        "scorer_version": version,
        "min": verify.min,
    }
    return candidates.part(*parted(verify, version, candidates))


def parted(verify: Verify, version: str | None, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all; a score without a value is one that nobody could give."""
    lacking = [
        f"WHEN {condition} THEN {'NULL' if choice is Lacking.KEEP else repr(reason)}"
        for reason, condition, choice in (
            ("no_score", "score.id IS NULL", verify.missing),
            ("undecided", "score.value IS NULL", verify.undecided),
        )
    ]
    query = f"""
        SELECT {columns(facts=VERIFIED)},
               CASE {" ".join(lacking)} WHEN score.value < %s THEN 'below_the_minimum' END
               AS reason,
               CASE WHEN score.value IS NOT NULL THEN jsonb_build_object('score', score.value) END
               AS because
        FROM {candidates.rows} {scores("score")}
    """  # noqa: S608
    return query, [verify.min, *candidates.parameters, verify.criteria, version]
