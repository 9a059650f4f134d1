"""The step that keeps the traces with a score of at least so much, and notes which."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from datasets.recipe.candidates import Candidates, columns
from datasets.recipe.recipe import Lacking, Missing, Recipe, Verify
from datasets.recipe.scored import known, scores, version_of
from traces.scorers.named import scorer_here
from traces.scorers.scorer import CannotScore, Content, TryAgain
from tunix_site import strict_json
from tunix_site.database.copy_out import copy_out
from tunix_site.errors import Unavailable

COMPUTED = "trace_id uuid PRIMARY KEY, id integer, value float8"  # as of a score


class Verdict(NamedTuple):
    """SQL for a candidate named `kept`: why it goes, NULL where it stays, its score, and joins."""

    reason: str
    value: str
    joins: str
    reason_parameters: list[Any]
    join_parameters: list[Any]


ALL_STAY = Verdict("NULL::text", "NULL::float8", "", [], [])


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    verify = recipe.verify
    assert verify is not None  # noqa: S101  # the funnel asks
    candidates.findings["verified_by"] = {
        "criteria": verify.criteria,
        "scorer_version": version_of(verify.criteria, verify.scorer_version),
        "min": verify.min,
    }
    return candidates.part(*parted(verdict(recipe, candidates), candidates))


def verdict(recipe: Recipe, candidates: Candidates) -> Verdict:
    """Say what the step makes of each; a score without a value is one that nobody could give."""
    verify = recipe.verify
    if verify is None:
        return ALL_STAY
    version = version_of(verify.criteria, verify.scorer_version)
    score = known(_in_memory(recipe, verify, version, candidates))
    lacking = [
        f"WHEN {condition} THEN {'NULL' if stays else repr(reason)}"
        for reason, condition, stays in (
            ("no_score", f"{score.id} IS NULL", verify.missing is Missing.KEEP),
            ("undecided", f"{score.value} IS NULL", verify.undecided is Lacking.KEEP),
        )
    ]
    return Verdict(
        reason=f"CASE {' '.join(lacking)} WHEN {score.value} < %s THEN 'below_the_minimum' END",
        value=score.value,
        joins=score.joins,
        reason_parameters=[verify.min],
        join_parameters=[verify.criteria, version],
    )


def parted(told: Verdict, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all, each with its score."""
    value = told.value
    facts = f"coalesce(kept.facts, '{{}}') || jsonb_build_object('verified', {value})"
    query = f"""
        SELECT {columns(facts=facts)}, {told.reason} AS reason,
               CASE WHEN {value} IS NOT NULL THEN jsonb_build_object('score', {value}) END
               AS because
        FROM {candidates.rows} {told.joins}
    """  # noqa: S608
    return query, [*told.reason_parameters, *candidates.parameters, *told.join_parameters]


def _in_memory(
    recipe: Recipe, verify: Verify, version: str | None, candidates: Candidates
) -> str | None:
    """Compute what a build would store first, once; give the table's name, if there is any."""
    is_first = verify.criteria in recipe.scored_first
    is_ours = version == version_of(verify.criteria, None)
    is_there = verify.criteria in candidates.computed
    if is_first and is_ours and candidates.scored_in_memory and not is_there:
        computed = candidates.table(COMPUTED, list(_computed(verify, version, candidates)))
        candidates.scored_in_memory -= candidates.size_of(computed)
        candidates.computed[verify.criteria] = computed
    return candidates.computed.get(verify.criteria)


def _computed(
    verify: Verify, version: str | None, candidates: Candidates
) -> Iterator[tuple[Any, ...]]:
    """Score some of the candidates that have no score, without storing what comes of it."""
    unscored = candidates.beside(
        f"""
        SELECT kept.id FROM {candidates.rows} {scores("score")}
        WHERE score.id IS NULL ORDER BY kept.id LIMIT %s
        """,  # noqa: S608
        [*candidates.parameters, verify.criteria, version, candidates.scored_in_memory],
    )
    query = f"""
        SELECT trace.id, trace.prompt, trace.steps, trace.final_answer, trace.meta
        FROM {unscored} AS unscored JOIN traces_trace AS trace ON trace.id = unscored.id
    """  # noqa: S608
    scorer = scorer_here(verify.criteria)
    with copy_out(query, []) as copy:
        for number, (identity, prompt, steps, answer, meta) in enumerate(copy.rows()):
            candidates.check()
            content = Content(prompt, strict_json.stored(steps), answer, strict_json.stored(meta))
            try:
                yield identity, number, scorer.score(content).value
            except CannotScore:  # such as a trace without a reference answer
                continue
            except TryAgain as error:
                raise Unavailable(str(error)) from None
