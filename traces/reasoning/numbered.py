"""The reply that our own exports teach: `Reasoning:`, numbered steps, `Answer:`."""

from typing import NamedTuple

from traces.reasoning.steps import REASONING

_BEGINNING = "Reasoning:\n1. "
_ANSWER = "\nAnswer: "


class Numbered(NamedTuple):
    steps: list[tuple[str, str]]
    answer: str


def read_numbered(text: str, answer: str | None = None) -> Numbered | None:
    """Give the steps without their numbers, or None where the text is not of this form.

    A step may hold lines and numbers of its own: the next one begins at the first line that has
    its number. The answer is what stands last, if it is not known already.
    """
    if not text.startswith(_BEGINNING):
        return None
    if answer is None:
        end = text.rfind(_ANSWER)
        answer = text[end + len(_ANSWER) :]
    else:
        ending = f"{_ANSWER}{answer}"
        end = len(text) - len(ending) if text.endswith(ending) else -1
    if end < len(_BEGINNING):
        return None
    steps: list[tuple[str, str]] = []
    here = len(_BEGINNING)
    while (found := text.find(mark := f"\n{len(steps) + 2}. ", here, end)) >= 0:
        steps.append((REASONING, text[here:found]))
        here = found + len(mark)
    steps.append((REASONING, text[here:end]))
    return Numbered(steps, answer)
