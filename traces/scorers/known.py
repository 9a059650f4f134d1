"""The scorers that there are, by criteria."""

from traces.scorers.answer_consistency import ANSWER_CONSISTENCY
from traces.scorers.answer_correctness import ANSWER_CORRECTNESS
from traces.scorers.baseline import BASELINE
from traces.scorers.format import FORMAT
from traces.scorers.length import LENGTH
from traces.scorers.scorer import Scorer

SCORERS: dict[str, Scorer] = {
    scorer.criteria: scorer
    for scorer in (BASELINE, ANSWER_CORRECTNESS, ANSWER_CONSISTENCY, FORMAT, LENGTH)
}
