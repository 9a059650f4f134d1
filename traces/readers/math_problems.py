r"""MATH and its kin: `problem`, `level`, `type`, `solution` with the answer in `\boxed{}`."""

from typing import Any

from traces.readers import fields
from traces.readers.draft import Draft
from traces.reasoning.answers.answer import FIELD, Answer, find_answer, notes_of, reference_of
from traces.reasoning.replies import read_reply
from traces.reasoning.solutions import holds, steps_by_line, steps_by_sentence
from traces.reasoning.thoughts import split_thought

EXAMPLE: dict[str, Any] = {
    "problem": "What is the sum of the first four odd numbers?",
    "level": "Level 1",
    "type": "Number Theory",
    "solution": r"The numbers are $1$, $3$, $5$ and $7$. Their sum is $4^2 = \boxed{16}$.",
}

_OTHERS = ("generations", "messages", "conversations")  # fields of formats that hold more


def recognises(record: dict[str, Any]) -> bool:
    solution = record.get("solution")
    return (
        isinstance(record.get("problem"), str)
        and isinstance(solution, str)
        and not any(name in record for name in _OTHERS)
        and ("level" in record or "type" in record or r"\boxed" in solution)
    )


def read(record: dict[str, Any]) -> list[Draft]:
    """Read the solution by lines, or by sentences where it is one line.

    The reference answer is the field `answer` where the record has one (MATH-500), else the box:
    the trace is the reference itself.
    """
    problem = fields.text(record, "problem")
    solution = fields.text(record, "solution")
    given = fields.text_or_number(record, "answer")
    external_id = fields.optional_text(record, "unique_id")
    final = find_answer(solution)
    notes: dict[str, Any] = {}
    steps = steps_by_line(solution)
    if split_thought(solution).marked:
        steps, said, notes, _ = read_reply(solution)
        final = Answer(said, notes["answer_from"])
    elif len(steps) == 1:
        steps = steps_by_sentence(solution)
    reference = reference_of(given)
    if reference and not final.text:
        final = Answer(reference, FIELD)
    held = ["problem"]
    if holds(steps, solution):
        held.append("solution")
    if reference and reference == record["answer"]:
        held.append("answer")
    return [
        Draft(
            prompt=problem,
            final_answer=final.text,
            steps=steps,
            record=fields.rest(record, *held),
            notes={**notes, **notes_of(final, reference or final.text)},
            external_id=external_id or None,
        )
    ]
