"""Scoring all traces that match a filter, in batches."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from events.actors import Actor
from jobs.models import Job
from jobs.services.queue import start_job
from traces.scorers.scorer import PromptScorer
from traces.services.scoring.contents import score_contents
from traces.services.scoring.prompts import score_prompts
from traces.services.scoring.request import Batch, Scoring
from traces.services.walking import NEWEST, counted_in_time
from tunix_site.errors import Conflict, Unavailable

SCORE = "score"
UNCOUNTED = "To count what is to be scored takes too long: narrow the filter."


def start_scoring(
    *,
    scoring: Scoring,
    parameters: dict[str, Any],
    by: Actor,
    expected_count: int | None = None,
) -> Job:
    """Queue the scoring of all traces that match now; `parameters` is the request as it came.

    Conflict where not as many are to be scored as was said; Unavailable where it was said, and to
    count them takes longer than a request may. Else the job counts them.
    """
    count = counted_in_time(traces=scoring.to_score())
    if expected_count is not None:
        if count is None:
            raise Unavailable(UNCOUNTED)
        if count != expected_count:
            raise Conflict(f"{count:,} traces are to be scored, not {expected_count:,}.")
    kept = {**parameters, NEWEST: str(scoring.newest)}
    return start_job(kind=SCORE, parameters=kept, by=by, total=count)


def score_all(
    *, scoring: Scoring, by: Actor, job: UUID | None = None, check: Callable[[], None]
) -> Iterator[Batch]:
    """Score in batches, each a transaction with its event; yield what became of each.

    Done again, it changes nothing, or goes on where it broke off. `check` is called again and
    again, and raises where the work has to stop.
    """
    scorer = scoring.scorer
    if isinstance(scorer, PromptScorer):
        return score_prompts(scoring=scoring, scorer=scorer, by=by, job=job, check=check)
    return score_contents(scoring=scoring, scorer=scorer, by=by, job=job, check=check)
