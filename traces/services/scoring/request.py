"""What is to be scored: the traces that match a filter, on one criterion."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef

from traces.finding.filters import matching
from traces.models import Score
from traces.querysets import TraceQuerySet
from traces.scorers.known import PROMPT_SCORERS
from traces.scorers.named import scorer_here
from traces.scorers.scorer import PromptScorer, Scorer


class Batch(NamedTuple):
    """How many traces were looked at, got a score, and got one that is undecided."""

    trace_count: int
    scored_count: int
    undecided_count: int


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """A validated request: validated filters, and the newest trace when it was made."""

    where: dict[str, Any]
    criteria: str
    missing_only: bool
    newest: UUID

    @cached_property
    def scorer(self) -> Scorer | PromptScorer:
        """Find the scorer, once: the file of a tokenizer may be replaced meanwhile."""
        return PROMPT_SCORERS.get(self.criteria) or scorer_here(self.criteria)

    def matching(self) -> TraceQuerySet:
        """Give the traces that match and were there."""
        return matching(self.where).filter(pk__lte=self.newest)

    def is_scored(self) -> Exists:
        """Tell whether a trace has a score by this version of the scorer."""
        return Exists(
            Score.objects.filter(
                trace=OuterRef("pk"), criteria=self.criteria, scorer_version=self.scorer.version
            )
        )

    def to_score(self) -> TraceQuerySet:
        """Give those of them that are to get a score."""
        return self.matching().exclude(self.is_scored()) if self.missing_only else self.matching()
