"""LIMO: `question`, a long `solution`, and the `answer` by itself."""

from typing import Any

from traces.readers import fields, s1k
from traces.readers.draft import Draft, Unreadable
from traces.reasoning.answers.answer import FIELD, Answer, find_answer, notes_of, reference_of
from traces.reasoning.replies import read_reply
from traces.reasoning.solutions import holds, steps_of_solution
from traces.reasoning.thoughts import split_thought

EXAMPLE: dict[str, Any] = {
    "question": "How many positive divisors does 12 have?",
    "solution": "Okay, first the prime factors: 12 is 2^2 times 3.\n\n"
    "Each divisor takes 0, 1 or 2 twos and 0 or 1 threes, so 3 times 2.\n\n"
    "**Final Answer**\n\n\\boxed{6}",
    "answer": "6",
}


def recognises(record: dict[str, Any]) -> bool:
    answer = record.get("answer")
    return (
        isinstance(record.get("question"), str)
        and isinstance(record.get("solution"), str)
        and isinstance(answer, str | int | float)
        and not isinstance(answer, bool)
        and not s1k.recognises(record)
    )


def read(record: dict[str, Any]) -> list[Draft]:
    question = fields.text(record, "question")
    solution = fields.text(record, "solution")
    answer = fields.text_or_number(record, "answer")
    if not answer or not answer.strip():
        raise Unreadable("answer", fields.REQUIRED)
    reference = reference_of(answer)
    final = Answer(reference, FIELD) if reference else find_answer(solution)
    steps = steps_of_solution(solution)
    notes: dict[str, Any] = {}
    if split_thought(solution).marked:
        steps, said, notes, _ = read_reply(solution)
        final = final if reference else Answer(said, notes["answer_from"])
    held = ["question"]
    if holds(steps, solution):
        held.append("solution")
    if reference == record["answer"]:
        held.append("answer")
    return [
        Draft(
            prompt=question,
            final_answer=final.text,
            steps=steps,
            record=fields.rest(record, *held),
            notes={**notes, **notes_of(final, reference)},
        )
    ]
