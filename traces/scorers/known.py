"""The scorers that there are, by criteria."""

from traces.scorers.baseline import BASELINE
from traces.scorers.scorer import Scorer

SCORERS: dict[str, Scorer] = {scorer.criteria: scorer for scorer in (BASELINE,)}
