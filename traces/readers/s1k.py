"""s1K: long thoughts by Gemini (1.0), or by Gemini and DeepSeek with grades (1.1)."""

from typing import Any

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from traces.readers.scores import correctness
from traces.reasoning.answers.answer import BOXED, find_answer, note_of, reference_of
from traces.reasoning.replies import REPLY_STEP, read_reply
from traces.reasoning.solutions import holds

MODELS = ("gemini", "deepseek")
TRAJECTORIES = "thinking_trajectories"  # of 1.0
GRADES = {"Yes": True, "No": False}

EXAMPLE: dict[str, Any] = {
    "question": "How many edges does a cube have?",
    "solution": "12",
    "cot_type": "math",
    "source_type": "made up for this page",
    "gemini_thinking_trajectory": "A cube has 6 faces with 4 edges each.\n\n"
    "Two faces share each edge, so 6 * 4 / 2 = 12.",
    "gemini_attempt": "A cube has $\\boxed{12}$ edges.",
    "gemini_grade": "Yes",
    "deepseek_thinking_trajectory": "Six faces with four edges make 24.",
    "deepseek_attempt": "A cube has $\\boxed{24}$ edges.",
    "deepseek_grade": "No",
}


def recognises(record: dict[str, Any]) -> bool:
    return isinstance(record.get("question"), str) and (
        isinstance(record.get(TRAJECTORIES), list)
        or any(isinstance(record.get(f"{model}_thinking_trajectory"), str) for model in MODELS)
    )


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each model that thought about the question."""
    if record.get(TRAJECTORIES) is not None:
        return [_read_first_version(record)]
    drafts = [
        _read_model(record, model)
        for model in MODELS
        if record.get(f"{model}_thinking_trajectory") is not None
    ]
    if not drafts:
        raise Unreadable(TRAJECTORIES, fields.REQUIRED)
    return drafts


def _read_first_version(record: dict[str, Any]) -> Draft:
    thoughts = fields.listing(record, TRAJECTORIES)
    for number, thought in enumerate(thoughts):
        fields.checked(thought, str, "a string", f"{TRAJECTORIES}[{number}]")
    return _draft(record, thoughts, TRAJECTORIES, "attempt")


def _read_model(record: dict[str, Any], model: str) -> Draft:
    own = f"{model}_"
    of_others = tuple(f"{other}_" for other in MODELS if other != model)
    kept = {name: value for name, value in record.items() if not name.startswith(of_others)}
    thought = fields.text(record, f"{own}thinking_trajectory", blank=True)
    grade = fields.optional_text(record, f"{own}grade")
    draft = _draft(kept, [thought], f"{own}thinking_trajectory", f"{own}attempt")
    draft.notes["model"] = model
    draft.scores = correctness(f"s1k:{own}grade", GRADES.get(grade or ""))
    return draft


def _draft(record: dict[str, Any], thoughts: list[str], thoughts_name: str, reply: str) -> Draft:
    question = fields.text(record, "question")
    solution = fields.text_or_number(record, "solution")
    attempt = fields.optional_text(record, reply) or ""
    if not any(map(str.strip, [*thoughts, attempt])):
        raise Unreadable(thoughts_name, "Neither this nor the attempt holds any text.")
    read = read_reply(attempt, thoughts=thoughts)
    reference = _reference(solution)
    held = ["question"]
    if len(thoughts) == 1 and holds(read.steps[: read.notes.get(REPLY_STEP)], thoughts[0]):
        held.append(thoughts_name)
    if attempt.strip() and not read.cut:
        held.append(reply)
    if reference and reference == record["solution"]:
        held.append("solution")
    return Draft(
        prompt=question,
        final_answer=read.answer,
        steps=read.steps,
        record=fields.rest(record, *held),
        notes={**read.notes, **note_of(reference)},
    )


def _reference(solution: str | None) -> str | None:
    """Take the box of a worked solution, or one line; what is written out is no answer."""
    boxed = find_answer(solution or "", BOXED).text
    is_line = solution is not None and "\n" not in solution.strip()
    return boxed or reference_of(solution if is_line else None)
