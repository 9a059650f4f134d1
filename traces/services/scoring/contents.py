"""Scores of traces by what each says."""

from collections.abc import Callable, Iterator
from uuid import UUID

from events.actors import Actor
from traces.models import Trace
from traces.scorers.scorer import CannotScore, Content, Scorer, TryAgain
from traces.services.scores import NewScore, scored_here, store_many
from traces.services.scoring.request import Batch, Scoring
from traces.services.walking import id_batches
from tunix_site.errors import Unavailable

SCORED_AT_ONCE = 1_000
READ_AT_ONCE = 20  # a trace may take a mebibyte


def score_contents(
    *,
    scoring: Scoring,
    scorer: Scorer,
    by: Actor,
    job: UUID | None,
    check: Callable[[], None],
) -> Iterator[Batch]:
    """Score traces in batches, the newest first; no lock is held while they are scored."""
    for ids in id_batches(traces=scoring.to_score(), size=SCORED_AT_ONCE):
        scores: list[NewScore] = []
        for start in range(0, len(ids), READ_AT_ONCE):
            scores += _scored(scorer, ids[start : start + READ_AT_ONCE], check)
        stored = store_many(scores=scores, job=job, by=by)
        yield Batch(len(ids), stored, sum(score.value is None for score in scores))


def _scored(scorer: Scorer, ids: list[UUID], check: Callable[[], None]) -> Iterator[NewScore]:
    contents = Trace.objects.filter(pk__in=ids).values_list(
        "pk", "prompt", "steps", "final_answer", "meta"
    )
    for identity, prompt, steps, final_answer, meta in contents:
        check()
        try:
            scored = scorer.score(Content(prompt, steps, final_answer, meta))
        except CannotScore:  # such as a trace without a reference answer
            continue
        except TryAgain as error:
            raise Unavailable(str(error)) from None
        yield scored_here(trace_id=identity, scorer=scorer, scored=scored)
