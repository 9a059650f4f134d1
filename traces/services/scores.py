"""Scoring traces by our own scorers."""

from django.db import transaction
from django.utils import timezone

from traces.models import Score, Trace
from traces.scoring import SCORERS
from traces.services.curation import held_trace


def score_trace(*, trace: Trace, criteria: str) -> Score:
    """Score a trace and store it, once per criteria and scorer version."""
    scorer = SCORERS[criteria]
    scored = scorer.score(trace.steps)
    details = {**scored.details, "criteria": criteria, "scored_at": timezone.now().isoformat()}
    with transaction.atomic():
        score, _ = Score.objects.update_or_create(
            trace=held_trace(trace=trace),
            criteria=criteria,
            scorer_version=scorer.version,
            defaults={"value": scored.value, "details": details},
        )
    return score
