"""Scores of traces by the other attempts at their prompt."""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, Func, QuerySet, TextField, Value, When
from django.db.models.functions import Length

from events.actors import Actor
from traces.finding.prompts.attempts import MAX_ATTEMPTS
from traces.models import Trace
from traces.scorers.scorer import PromptScorer
from traces.services.scores import NewScore, scored_here, store_many
from traces.services.scoring.request import Batch, Scoring

ATTEMPTS_AT_ONCE = 1_000  # of several
PROMPTS_AT_ONCE = 500
MAX_ANSWER_CHARS = 1_000  # a longer one is told by its hash

ANSWER = Case(
    When(chars__lte=MAX_ANSWER_CHARS, then=F("final_answer")),
    default=Func(
        F("final_answer"), template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"
    ),
    output_field=TextField(),
)


def score_prompts(
    *,
    scoring: Scoring,
    scorer: PromptScorer,
    by: Actor,
    job: UUID | None,
    check: Callable[[], None],
) -> Iterator[Batch]:
    """Score the attempts at prompts, all those at one prompt at once, in the prompts' order."""
    for prompts in _batches(scoring):
        check()
        scores: list[NewScore] = []
        for _, attempts in groupby(_attempts(scoring, prompts), key=itemgetter(0)):
            check()
            scores += _scored(scorer, list(attempts))
        stored = store_many(scores=scores, job=job, by=by)
        yield Batch(len(scores), stored, sum(score.value is None for score in scores))


def _batches(scoring: Scoring) -> Iterator[list[UUID]]:
    """Give prompts, as many as have together about ATTEMPTS_AT_ONCE attempts."""
    prompts: list[UUID] = []
    attempt_count = 0
    for prompt, count in _prompts(scoring):
        if prompts and attempt_count + count > ATTEMPTS_AT_ONCE:
            yield prompts
            prompts, attempt_count = [], 0
        prompts.append(prompt)
        attempt_count += count
    if prompts:
        yield prompts


def _prompts(scoring: Scoring) -> Iterator[tuple[UUID, int]]:
    """Give the hash of each prompt, and how many attempts at it match."""
    traces: QuerySet[Trace, Any] = scoring.matching()
    groups = traces.values("prompt_hash").annotate(count=Count("*")).order_by("prompt_hash")
    rows = list(groups.values_list("prompt_hash", "count")[:PROMPTS_AT_ONCE])
    while rows:
        yield from rows
        rest = groups.filter(prompt_hash__gt=rows[-1][0])
        rows = list(rest.values_list("prompt_hash", "count")[:PROMPTS_AT_ONCE])


def _attempts(scoring: Scoring, prompts: list[UUID]) -> Iterator[tuple[Any, ...]]:
    """Read prompt, id, answer, and whether it is scored; several prompts have few enough."""
    scored = scoring.is_scored() if scoring.missing_only else Value(False)  # noqa: FBT003
    attempts = scoring.matching().filter(prompt_hash__in=prompts).order_by("prompt_hash", "-pk")
    rows: Any = attempts.alias(chars=Length("final_answer")).annotate(answer=ANSWER, scored=scored)
    yield from rows.values_list("prompt_hash", "pk", "answer", "scored")[:MAX_ATTEMPTS]


def _scored(scorer: PromptScorer, attempts: list[tuple[Any, ...]]) -> Iterator[NewScore]:
    found = scorer.score([answer for _, _, answer, _ in attempts])
    for (_, identity, _, is_scored), scored in zip(attempts, found, strict=True):
        if not is_scored:
            yield scored_here(trace_id=identity, scorer=scorer, scored=scored)
