"""What a model said, taken apart: its thought, its reply and the answer that the reply gives."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from traces.reasoning.answers.answer import ANSWER_LINE, ANSWER_TAG, answer_of_reply
from traces.reasoning.answers.marks import within_tag
from traces.reasoning.answers.trimming import without_ends
from traces.reasoning.messages.thoughts import folded
from traces.reasoning.numbered import read_numbered
from traces.reasoning.steps import OUTPUT, REASONING, TOOL_CALL, Steps, steps_of_thought
from traces.reasoning.thoughts import split_thought

REPLY_STEP = "reply_step"
REPLY_IN_STEPS = "reply_in_steps"  # the steps are the reply, cut
MAX_REPLY_CHARS = 20_000  # of a reply that can be a step


class Reply(NamedTuple):
    """`cut` tells that steps and answer do not hold the text word for word.

    Of the notes, `reply_step` is the position in the steps at which the reply stands.
    """

    steps: Steps
    answer: str
    notes: dict[str, Any]
    cut: bool


def read_reply(
    text: str,
    *,
    thoughts: Sequence[str] | None = None,
    opened: bool = False,
    in_parts: bool = False,
    cut_steps: Callable[[str], Steps] = steps_of_thought,
) -> Reply:
    """Split what a model said into steps and the answer.

    After a thought the reply stays whole: where an answer is found inside it, it is one step of
    type `output` behind the thought's. A reply without a thought that marks its answer is the
    reasoning towards it; any other is the answer alone. `thoughts` stand in places of their own
    (None where there is no such place: the text is all there is), and are cut at blank lines
    unless they come `in_parts` that are steps; `cut_steps` cuts a reply that is the reasoning.
    `opened` tells that the prompt opened the thought.
    """
    split = split_thought(text, opened=opened)
    said = without_ends(split.answer)
    tagged = within_tag(said)
    if thoughts is None and not split.marked:
        return _without_thought(text, said, cut_steps)
    notes: dict[str, Any] = {"truncated": True} if split.truncated else {}
    steps = _steps_of(thoughts or (), split.thought, in_parts=in_parts)
    if tagged is not None:
        notes["answer_from"] = ANSWER_TAG
        return Reply(steps, answer_of_reply(tagged).text, notes, cut=True)
    answer, steps = answer_behind(steps, said, notes)
    steps = [*steps, *((TOOL_CALL, call) for call in split.calls)]
    return Reply(steps, answer, notes, cut=split.marked or said != text)


def answer_behind(steps: Steps, said: str, notes: dict[str, Any]) -> tuple[str, Steps]:
    """Find the answer in the reply behind a thought's steps; note what gave it.

    Where it is not the reply as a whole, the reply is a step as well.
    """
    found = answer_of_reply(said)
    notes["answer_from"] = found.mark
    if found.text == said or len(said) > MAX_REPLY_CHARS or not said:
        return said, steps
    notes[REPLY_STEP] = len(steps)
    return found.text, [*steps, (OUTPUT, said)]


def _without_thought(text: str, said: str, cut_steps: Callable[[str], Steps]) -> Reply:
    """Read a reply that is the reasoning towards the answer which it marks, or an answer alone."""
    if numbered := read_numbered(said):
        notes = {"answer_from": ANSWER_LINE, REPLY_IN_STEPS: True}
        return Reply(numbered.steps, numbered.answer, notes, cut=True)
    found = answer_of_reply(said)
    if found.text == said or not said:
        return Reply([], said, {"answer_from": found.mark}, cut=said != text)
    notes = {"answer_from": found.mark, REPLY_IN_STEPS: True}
    return Reply(cut_steps(said), found.text, notes, cut=True)


def _steps_of(thoughts: Sequence[str], marked: str | None, *, in_parts: bool) -> Steps:
    """Cut what was thought into steps, each thought once wherever it stood."""
    texts = [_unmarked(thought) for thought in thoughts]
    if marked is not None:
        marked = _unmarked(marked) if marked.endswith((">", "]")) else marked
    if marked is not None and folded(marked) not in {*map(folded, texts), folded("".join(texts))}:
        texts.append(marked)
    if in_parts:
        return [(REASONING, text) for text in texts if text.strip()]
    return [step for text in texts for step in steps_of_thought(text)]


def _unmarked(thought: str) -> str:
    """Leave out the marks that a thought brings into a field of its own."""
    split = split_thought(thought)
    if split.marked:
        thought = "\n\n".join(filter(None, [split.thought, split.answer]))
    return without_ends(thought) if thought.rstrip().endswith((">", "]")) else thought
