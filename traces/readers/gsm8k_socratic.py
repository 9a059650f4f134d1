"""GSM8K's Socratic version: a line is `sub-question ** step`, the rest as in GSM8K."""

from typing import Any

from traces.readers import gsm8k
from traces.readers.draft import Draft, Unreadable
from traces.reasoning.steps import REASONING

SUBQUESTION = "subquestion"
SEPARATOR = " ** "

EXAMPLE: dict[str, Any] = {
    "question": "A shelf holds 14 books and a second one twice as many. How many are there?",
    "answer": "How many books does the second shelf hold? ** It holds 14*2=<<14*2=28>>28 books.\n"
    "How many do both hold? ** Together they hold 14+28=<<14+28=42>>42 books.\n#### 42",
}


def recognises(record: dict[str, Any]) -> bool:
    return gsm8k.recognises(record) and SEPARATOR in record["answer"]


def read(record: dict[str, Any]) -> list[Draft]:
    """A step of type `subquestion` holds the question too; a line without one is a step as is."""
    draft = gsm8k.read_worked(record, _type_of)
    if all(kind != SUBQUESTION for kind, _ in draft.steps):
        raise Unreadable("answer", "No line is a sub-question, ' ** ' and a step.")
    return [draft]


def _type_of(line: str) -> str:
    return SUBQUESTION if SEPARATOR in line else REASONING
