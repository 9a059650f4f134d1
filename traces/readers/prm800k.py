"""PRM800K: a solution whose steps people rated, with the alternatives that they saw."""

from typing import Any, NamedTuple

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from traces.reasoning.answers.answer import find_answer, notes_of, reference_of
from traces.reasoning.steps import REASONING

RATINGS = (-1, 0, 1)

EXAMPLE: dict[str, Any] = {
    "labeler": "a3b5c4d6-0000-4000-8000-000000000001",
    "timestamp": "2023-01-01T12:00:00",
    "question": {
        "problem": "What is $3^2+4^2$?",
        "ground_truth_answer": "25",
        "pre_generated_steps": ["I square both: $9$ and $16$.", "They add up to $26$."],
    },
    "label": {
        "steps": [
            {
                "completions": [
                    {"text": "I square both: $9$ and $16$.", "rating": 1, "flagged": False}
                ],
                "human_completion": None,
                "chosen_completion": 0,
            },
            {
                "completions": [
                    {"text": "They add up to $26$.", "rating": -1, "flagged": False},
                    {
                        "text": "They add up to $25$.\n\n# Answer\n\n25",
                        "rating": 1,
                        "flagged": False,
                    },
                ],
                "human_completion": None,
                "chosen_completion": 1,
            },
        ],
        "finish_reason": "solution",
    },
}


class _Completion(NamedTuple):
    text: str
    rating: int | None


def recognises(record: dict[str, Any]) -> bool:
    question = record.get("question")
    label = record.get("label")
    return (
        isinstance(question, dict)
        and isinstance(question.get("problem"), str)
        and isinstance(label, dict)
        and isinstance(label.get("steps"), list)
    )


def read(record: dict[str, Any]) -> list[Draft]:
    """Follow the path that was chosen; the alternatives stay in the record."""
    question = fields.mapping(record, "question")
    problem = fields.text(question, "problem", within="question")
    reference = fields.text_or_number(question, "ground_truth_answer", within="question")
    path = _chosen_path(fields.mapping(record, "label"))
    final = find_answer(path[-1].text)
    return [
        Draft(
            prompt=problem,
            final_answer=final.text,
            steps=[(REASONING, completion.text) for completion in path],
            record={**record, "question": fields.rest(question, "problem")},
            notes=notes_of(final, reference_of(reference)),
            step_labels={
                str(number): completion.rating
                for number, completion in enumerate(path)
                if completion.rating is not None
            },
        )
    ]


def _chosen_path(label: dict[str, Any]) -> list[_Completion]:
    steps = fields.listing(label, "steps", within="label")
    if not steps:
        raise Unreadable("label.steps", "Holds no step.")
    last = len(steps) - 1
    return [
        _chosen(step, within=f"label.steps[{number}]", is_last=number == last)
        for number, step in enumerate(steps)
    ]


def _chosen(step: Any, *, within: str, is_last: bool) -> _Completion:
    fields.checked(step, dict, "an object", within)
    completions = fields.optional_listing(step, "completions", within=within) or []
    chosen = step.get("chosen_completion")
    if chosen is None and step.get("human_completion") is not None:
        return _written(step, within=within)
    if chosen is None:
        if not is_last:
            raise Unreadable(
                f"{within}.chosen_completion", "Neither this nor human_completion is given."
            )
        chosen = 0  # labelling ended here
    where = f"{within}.chosen_completion"
    if type(chosen) is not int:
        raise Unreadable(where, "Not an integer.")
    if chosen not in range(len(completions)):
        raise Unreadable(where, "No completion has this index.")
    return _completion(completions[chosen], f"{within}.completions[{chosen}]")


def _written(step: dict[str, Any], *, within: str) -> _Completion:
    """Take the step that a person wrote: a text, or an object like the other completions."""
    if isinstance(step["human_completion"], dict):
        return _completion(step["human_completion"], f"{within}.human_completion")
    return _Completion(fields.text(step, "human_completion", within=within), None)


def _completion(completion: Any, within: str) -> _Completion:
    fields.checked(completion, dict, "an object", within)
    rating = completion.get("rating")
    if rating is not None and (type(rating) is not int or rating not in RATINGS):
        raise Unreadable(f"{within}.rating", "Not -1, 0 or 1.")
    return _Completion(fields.text(completion, "text", within=within), rating)
