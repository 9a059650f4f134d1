"""The scores that a recipe reads: of which version of which scorer, and their SQL."""

from typing import Any, NamedTuple

from datasets.recipe.recipe import Missing, Recipe, Verify
from traces.scorers.named import any_scorer_named, no_tokenizer, scorer_here, scorer_named
from traces.scorers.tokens import PREFIX

CountedBy = dict[str, str]  # criteria and scorer_version

UNIT_SCORES = {"answer_correctness", "answer_consistency", "arithmetic", "format", "agreement"}
BEYOND = "Its scores are from 0 to 1."
NEEDED = "The server has no scorer of this name: which version of whose scores?"
NOT_OURS = "`score`: the server computes no such score of that version."


def version_of(criteria: str, named: str | None) -> str | None:
    """Give the version that is named, or the server's own; None where there is neither."""
    if named is not None:
        return named
    scorer = any_scorer_named(criteria)
    return scorer.version if scorer else None


def counted_by(recipe: Recipe) -> CountedBy | None:
    """Give criteria and version of the scores that `where.tokens` asks for; None without it.

    Unavailable where the tokenizer has gone since the recipe was checked.
    """
    if "tokens" not in recipe.where:
        return None
    criteria = _criteria_of_tokens(recipe)
    return {"criteria": criteria, "scorer_version": scorer_here(criteria).version}


def _criteria_of_tokens(recipe: Recipe) -> str:
    return f"{PREFIX}{recipe.where['tokens']['tokenizer']}"


def criteria_of(by: str) -> str | None:
    """Give the criteria of `score:NAME`; None of what is no score."""
    kind, _, name = by.partition(":")
    return name if kind == "score" else None


def refusals(recipe: Recipe) -> dict[str, Any]:
    """Say which scores have no version, by the place in the recipe."""
    found: dict[str, Any] = {}
    needed = {"scorer_version": [NEEDED]}
    if where := _refusals_of_where(recipe, needed):
        found["where"] = where
    verify = recipe.verify
    if verify and version_of(verify.criteria, verify.scorer_version) is None:
        found["verify"] = needed
    elif verify and verify.criteria in UNIT_SCORES and not 0 <= verify.min <= 1:
        found["verify"] = {"min": [BEYOND]}
    elif verify and verify.missing is Missing.SCORE and not _is_ours(verify):
        found["verify"] = {"missing": [NOT_OURS]}
    keys = enumerate(recipe.dedupe.keep if recipe.dedupe else [])
    unknown = {
        str(position): needed
        for position, key in keys
        if (criteria := criteria_of(key.by)) and version_of(criteria, key.scorer_version) is None
    }
    if unknown:
        found["dedupe"] = {"keep": unknown}
    return found


def _refusals_of_where(recipe: Recipe, needed: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    rate, tokens = recipe.where.get("pass_rate"), recipe.where.get("tokens")
    if rate and version_of(rate["criteria"], rate.get("scorer_version")) is None:
        found["pass_rate"] = needed
    if tokens and scorer_named(_criteria_of_tokens(recipe)) is None:
        found["tokens"] = {"tokenizer": [no_tokenizer(tokens["tokenizer"])]}
    return found


def _is_ours(verify: Verify) -> bool:
    scorer = scorer_named(verify.criteria)
    return scorer is not None and verify.scorer_version in (None, scorer.version)


def scores(name: str) -> str:
    """Give the SQL that joins candidates with their scores, by two parameters."""
    return (
        f"LEFT JOIN traces_score AS {name} ON {name}.trace_id = kept.id "
        f"AND {name}.criteria = %s AND {name}.scorer_version = %s"
    )


class Known(NamedTuple):
    """SQL for a candidate's score, NULL where there is none, and joins that take two parameters."""

    id: str
    value: str
    joins: str


def known(computed: str | None) -> Known:
    """Give the score that is stored, or the one in a table of those that were computed."""
    if computed is None:
        return Known("score.id", "score.value", scores("score"))
    return Known(
        "coalesce(score.id, computed.id)",
        "coalesce(score.value, computed.value)",
        f"{scores('score')} LEFT JOIN {computed} AS computed ON computed.trace_id = kept.id",
    )
