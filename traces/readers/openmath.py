"""OpenMathInstruct and OpenMathReasoning: a generated solution and the answer expected of it."""

from typing import Any

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from traces.readers.scores import correctness
from traces.reasoning.answers.answer import note_of, reference_of
from traces.reasoning.replies import read_reply
from traces.reasoning.solutions import holds, steps_of_solution

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
    """Take the solution as a model's reply: one of OpenMathReasoning's has a thought."""
    name = _prompt_name(record)
    prompt = fields.text(record, name)
    solution = fields.text(record, SOLUTION)
    expected = fields.text_or_number(record, "expected_answer")
    is_correct = fields.flag(record, "is_correct")
    reply = read_reply(solution, cut_steps=steps_of_solution)
    if not reply.steps and not reply.answer:
        raise Unreadable(SOLUTION, "Holds no text.")
    reference = reference_of(expected)
    held = [name]
    if holds(reply.steps, solution) or not reply.cut:
        held.append(SOLUTION)
    if reference and reference == record["expected_answer"]:
        held.append("expected_answer")
    return [
        Draft(
            prompt=prompt,
            final_answer=reply.answer,
            steps=reply.steps,
            record=fields.rest(record, *held),
            notes={**reply.notes, **note_of(reference)},
            scores=correctness("openmath:is_correct", is_correct),
        )
    ]


def _prompt_name(record: dict[str, Any]) -> str:
    """Name the field of the problem, which was `question` in the first version."""
    return "problem" if record.get("problem") is not None else "question"
