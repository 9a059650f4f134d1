"""Final answers, found in a text by the marks that people and models use.

One order of trust for all: `\\boxed{...}` (all boxes of the last sentence that has one), `#### x`,
`<answer>x</answer>`, `Answer: x` and its kin, "The answer is x". Of each mark the last one counts
that holds something. What ends a reply and is no answer (a stop token, the full stop of the
sentence) is not taken, nor words that say that there is none. All this takes time linear in the
text, whatever the text is.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from traces.reasoning.answers.marks import (
    behind_a,
    behind_answer,
    behind_hashes,
    in_box,
    in_sentence,
    in_tag,
)
from traces.reasoning.answers.trimming import MAX_NUMBER_CHARS, is_no_answer, is_number, trimmed

BOXED = "boxed"
HASHES = "hashes"
ANSWER_TAG = "answer_tag"
ANSWER_LINE = "answer_line"
THE_ANSWER_IS = "the_answer_is"
A_LINE = "a_line"  # of `gsm8k_solutions` alone
MARKS = (BOXED, HASHES, ANSWER_TAG, ANSWER_LINE, THE_ANSWER_IS)
# where no mark gave it
FIELD = "field"  # a field of the record holds nothing else
TEXT = "text"  # the text as a whole is the answer
NONE = "none"


class Answer(NamedTuple):
    text: str
    mark: str  # what gave it


def find_answer(text: str, *marks: str) -> Answer:
    """Take the answer of the first of the marks that gives one; else it is empty, by NONE."""
    for mark in marks or MARKS:
        found = _FINDERS[mark](text)
        if found and not is_no_answer(found):
            return Answer(found, mark)
    return Answer("", NONE)


def answer_of_reply(text: str) -> Answer:
    """Take the answer that a reply marks; what one without a mark says is the answer as a whole."""
    found = find_answer(text)
    if found.text or not text.strip():
        return found
    if any(is_no_answer(_FINDERS[mark](text) or "") for mark in MARKS):
        return found  # it says that there is none
    bare = _unwrapped(text)
    return Answer(bare if is_number(bare) else text, TEXT)


def reference_of(given: str | None) -> str | None:
    """Give the answer that a field says is right, if it says one."""
    said = given.strip() if given else ""
    return given if said and not is_no_answer(said) else None


def notes_of(answer: Answer, reference: str | None) -> dict[str, Any]:
    """Note what gave the answer, and the reference answer where there is one."""
    return {"answer_from": answer.mark, **note_of(reference)}


def note_of(reference: str | None) -> dict[str, Any]:
    return {"reference_answer": reference} if reference else {}


def _unwrapped(text: str) -> str:
    return trimmed(text) if len(text) <= MAX_NUMBER_CHARS else text


_FINDERS: dict[str, Callable[[str], str | None]] = {
    BOXED: in_box,
    HASHES: behind_hashes,
    ANSWER_TAG: in_tag,
    ANSWER_LINE: behind_answer,
    THE_ANSWER_IS: in_sentence,
    A_LINE: behind_a,
}
