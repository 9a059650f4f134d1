"""Whether the final answer is what the reasoning came to."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from traces.reasoning.answers.answer import find_answer
from traces.reasoning.answers.comparing import RIGHT, UNDECIDED, WRONG, Comparison, compare
from traces.scorers.answer_correctness import scored
from traces.scorers.scorer import Content, Scored, Scorer

LAST_STEP = "last_step"
REPLY = "output"  # a step that is the reply, which the final answer was taken from
MAX_SHOWN_CHARS = 200
MAX_LOOKED_AT_CHARS = 2_000  # of the last step's end, where it marks no answer
MAX_RESULT_CHARS = 200
_NUMBER = re.compile(r"(?<![\w.])[-\u2212]?\$?(?:\d[\d,]*)?\.?\d+(?:/\d+)?(?!\d)", re.ASCII)
_RESULT = re.compile(r"=\s*([^=\s][^=\n]{0,99}?)\s*[.!]?\s*\Z")


class Found(NamedTuple):
    """An answer in a step, and what marked it."""

    text: str
    how: str
    step: int


def score(content: Content) -> Scored:
    """Score 1 or 0: the final answer against the last one that a step marks, or its last result.

    What a box, `####`, `Answer:` and the like mark counts first; without any, the last step: what
    it ends with, or any number in it. Where that says neither, the score has no value.
    """
    marked = next(_marked(content), None)
    if marked:
        found = compare(content.final_answer, marked.text)
        return _scored(Comparison(found.outcome, marked.how, found.reason), marked)
    return _scored(*_by_last_step(content))


def _reasoning(content: Content) -> list[tuple[int, str]]:
    """Give i and text of the steps before the reply, or of all where there is nothing else."""
    thought = [step for step in content.steps if step["type"] != REPLY]
    return [(step["i"], step["content"]) for step in thought or content.steps]


def _marked(content: Content) -> Iterator[Found]:
    """Yield the answers that steps mark, from the last one on."""
    for i, text in reversed(_reasoning(content)):
        found = find_answer(text)
        if found.text:
            yield Found(found.text, found.mark, i)


def _by_last_step(content: Content) -> tuple[Comparison, Found]:
    i, text = _reasoning(content)[-1]
    end = text[-MAX_LOOKED_AT_CHARS:]
    said = [end.strip(), *(found[0].rstrip(",") for found in _NUMBER.finditer(end))]
    result = _RESULT.search(end, max(0, len(end) - MAX_RESULT_CHARS))
    if result:
        said += [result[1], result[1].removesuffix("%")]  # 36 % may be answered as 36
    answer = content.final_answer
    if any(compare(answer, one).outcome == RIGHT for one in said):
        return Comparison(RIGHT, LAST_STEP), Found(answer, LAST_STEP, i)
    if result and compare(answer, result[1]).outcome == WRONG:
        return Comparison(WRONG, LAST_STEP), Found(result[1], LAST_STEP, i)
    reason = "the last step does not say an answer"
    return Comparison(UNDECIDED, LAST_STEP, reason), Found(said[-1], LAST_STEP, i)


def _scored(comparison: Comparison, found: Found) -> Scored:
    return scored(comparison, found=found.text[:MAX_SHOWN_CHARS], step=found.step)


ANSWER_CONSISTENCY = Scorer(criteria="answer_consistency", version="tunix-1", score=score)
