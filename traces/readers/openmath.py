"""OpenMathInstruct and OpenMathReasoning: a generated solution and the answer expected of it."""

from typing import Any

from traces.readers import answers, fields
from traces.readers.draft import Draft, Unreadable
from traces.readers.scores import correctness
from traces.readers.solutions import holds, steps_of_solution
from traces.readers.steps import steps_of_thought
from traces.readers.thoughts import split_thought

SOLUTION = "generated_solution"

EXAMPLE: dict[str, Any] = {
    "problem": "A rectangle is 7 cm long and 3 cm wide. What is its perimeter in cm?",
    "generated_solution": "The perimeter is twice the length and the width.\n\n"
    "That is $2 \\cdot (7 + 3) = \\boxed{20}$ cm.",
    "expected_answer": "20",
    "problem_source": "made up for this page",
}


def recognises(record: dict[str, Any]) -> bool:
    return (
        isinstance(record.get(_prompt_name(record)), str)
        and isinstance(record.get(SOLUTION), str)
        and "expected_answer" in record
    )


def read(record: dict[str, Any]) -> list[Draft]:
    """Take the steps from the thought where the solution has one (OpenMathReasoning).

    The answer is the last box of what follows the thought; nothing else stands in for it.
    """
    name = _prompt_name(record)
    prompt = fields.text(record, name)
    solution = fields.text(record, SOLUTION)
    expected = fields.text_or_number(record, "expected_answer")
    is_correct = fields.flag(record, "is_correct")
    split = split_thought(solution)
    steps = steps_of_thought(split.thought or "") or steps_of_solution(split.answer)
    if not steps:
        raise Unreadable(SOLUTION, "Holds no text.")
    final = answers.find_answer(split.answer, answers.BOXED)
    held = [name]
    if holds(steps, solution):
        held.append(SOLUTION)
    if expected and expected == record["expected_answer"]:
        held.append("expected_answer")
    return [
        Draft(
            prompt=prompt,
            final_answer=final.text,
            steps=steps,
            record=fields.rest(record, *held),
            notes={
                **answers.notes_of(final, expected),
                **({"truncated": True} if split.truncated else {}),
            },
            scores=correctness("openmath:is_correct", is_correct),
        )
    ]


def _prompt_name(record: dict[str, Any]) -> str:
    """Name the field of the problem, which was `question` in the first version."""
    return "problem" if record.get("problem") is not None else "question"
