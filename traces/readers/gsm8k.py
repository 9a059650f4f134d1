"""GSM8K: a step a line, with calculation marks `<<48/2=24>>`; the last line is `#### 72`."""

import re
from collections.abc import Callable
from typing import Any

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from traces.reasoning.answers.answer import HASHES, find_answer, notes_of
from traces.reasoning.steps import OUTPUT, REASONING

EXAMPLE: dict[str, Any] = {
    "question": "A shelf holds 14 books and a second one twice as many. How many are there?",
    "answer": "The second shelf holds 14*2=<<14*2=28>>28 books.\n"
    "Together they hold 14+28=<<14+28=42>>42 books.\n#### 42",
}

_MARK = re.compile(r"<<([^<>\n]*)>>")
_LINE_END = re.compile(r"\r?\n")


def recognises(record: dict[str, Any]) -> bool:
    """Tell whether the record is a question with an answer that ends in `#### ...`."""
    answer = record.get("answer")
    return (
        isinstance(record.get("question"), str)
        and isinstance(answer, str)
        and bool(find_answer("".join(lines_of(answer)[-1:]), HASHES).text)
    )


def read(record: dict[str, Any]) -> list[Draft]:
    return [read_worked(record, lambda _: REASONING)]


def read_worked(record: dict[str, Any], type_of: Callable[[str], str]) -> Draft:
    """Read a question and its worked answer, whose lines become steps of the type given."""
    question = fields.text(record, "question")
    answer, calculations = without_marks(fields.text(record, "answer"))
    lines = lines_of(answer)
    final = find_answer(lines.pop() if lines else "", HASHES)
    if not final.text:
        raise Unreadable("answer", "The last line is not '#### ' and the answer.")
    return Draft(
        prompt=question,
        final_answer=final.text,
        steps=[(type_of(line), line) for line in lines] or [(OUTPUT, final.text)],
        record=fields.rest(record, "question"),
        notes={**notes_of(final, final.text), "calculations": calculations},
    )


def without_marks(text: str) -> tuple[str, list[str]]:
    """Take the calculation marks out; give what they held, in order."""
    calculations = _MARK.findall(text)
    return _MARK.sub("", text) if calculations else text, calculations


def lines_of(text: str) -> list[str]:
    """Split into lines word for word; blank ones are dropped."""
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    return [line for line in lines if line and not line.isspace()]
