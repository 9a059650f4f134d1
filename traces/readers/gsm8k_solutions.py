"""Solutions of GSM8K's problems by several models, each `{is_correct, solution}`."""

from typing import Any

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from traces.readers.gsm8k import lines_of, without_marks
from traces.readers.scores import correctness
from traces.reasoning.answers.answer import A_LINE, HASHES, MARKS, find_answer, notes_of
from traces.reasoning.steps import OUTPUT, REASONING

EXAMPLE: dict[str, Any] = {
    "question": "A shelf holds 14 books and a second one twice as many. How many are there?",
    "ground_truth": "The second shelf holds 14*2=<<14*2=28>>28 books.\n"
    "Together they hold 14+28=<<14+28=42>>42 books.\nA: 42",
    "small_model": {"is_correct": False, "solution": "14+2=<<14+2=16>>16 books are there.\nA: 16"},
    "large_model": {
        "is_correct": True,
        "solution": "The second holds 14*2=<<14*2=28>>28.\nSo 28+14=<<28+14=42>>42 books.\nA: 42",
    },
}

_MARKS = (A_LINE, *MARKS)


def recognises(record: dict[str, Any]) -> bool:
    return (
        isinstance(record.get("question"), str)
        and isinstance(record.get("ground_truth"), str)
        and bool(_models(record))
    )


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each model, in the record's order."""
    question = fields.text(record, "question")
    truth = fields.text(record, "ground_truth")
    models = _models(record)
    if not models:
        raise Unreadable("solution", "No field is an object with a solution.")
    fields.check_trace_count(len(models), "solution")
    reference = find_answer(truth, *_MARKS).text or truth
    shared = fields.rest(record, "question", *models)
    if reference == truth:
        del shared["ground_truth"]
    return [_draft(question, reference, shared, model, record[model]) for model in models]


def _models(record: dict[str, Any]) -> list[str]:
    return [
        name for name, value in record.items() if isinstance(value, dict) and "solution" in value
    ]


def _draft(
    question: str, reference: str, shared: dict[str, Any], model: str, solved: dict[str, Any]
) -> Draft:
    solution = fields.text(solved, "solution", within=model)
    is_correct = fields.flag(solved, "is_correct", within=model)
    unmarked, calculations = without_marks(solution)
    final = find_answer(unmarked, *_MARKS)
    lines = lines_of(unmarked)
    if lines and find_answer(lines[-1], A_LINE, HASHES).text:
        lines.pop()
    return Draft(
        prompt=question,
        final_answer=final.text,
        steps=[(REASONING, line) for line in lines] or [(OUTPUT, solution)],
        record={**shared, model: solved},
        notes={
            **notes_of(final, reference),
            "model": model,
            "calculations": calculations,
        },
        scores=correctness("gsm8k_solutions:is_correct", is_correct),
    )
