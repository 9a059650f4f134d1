"""The scorers that there are, by criteria."""

from traces.scorers.agreement import AGREEMENT
from traces.scorers.answer_consistency import ANSWER_CONSISTENCY
from traces.scorers.answer_correctness import ANSWER_CORRECTNESS
from traces.scorers.arithmetic import ARITHMETIC
from traces.scorers.baseline import BASELINE
from traces.scorers.format import FORMAT
from traces.scorers.length import LENGTH
from traces.scorers.scorer import PromptScorer, Scorer

SCORERS: dict[str, Scorer] = {
    scorer.criteria: scorer
    for scorer in (BASELINE, ANSWER_CORRECTNESS, ANSWER_CONSISTENCY, ARITHMETIC, FORMAT, LENGTH)
}
# These look at all attempts at a prompt that match a filter: they score many traces at once alone.
PROMPT_SCORERS: dict[str, PromptScorer] = {AGREEMENT.criteria: AGREEMENT}
EVERY_SCORER: dict[str, Scorer | PromptScorer] = {**SCORERS, **PROMPT_SCORERS}
