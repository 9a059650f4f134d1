"""Evaluation sets: problems with the answers that are expected."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from errors import InputError
from msgspec import Meta

MAX_PROMPT_CHARS = MAX_ANSWER_CHARS = 50_000


class Problem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One line; the optional fields are what reports group by."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    prompt: Annotated[str, Meta(min_length=1, max_length=MAX_PROMPT_CHARS)]
    expected_answer: Annotated[str, Meta(max_length=MAX_ANSWER_CHARS)]
    section: str | None = None
    category: str | None = None
    difficulty: str | None = None
    aliases: list[str] = []  # other answers that are right
    meta: dict[str, Any] = {}

    @property
    def right_answers(self) -> tuple[str, ...]:
        return (self.expected_answer, *self.aliases)


class _AnswerMeta(msgspec.Struct, frozen=True):
    eval_id: str
    raw_text: str


class _Answer(msgspec.Struct, frozen=True):
    """What reports read of a line that generate.py wrote."""

    final_answer: str
    meta: _AnswerMeta


GROUPS = ("section", "category", "difficulty")


def read_problems(path: Path) -> list[Problem]:
    """Read an evaluation set; InputError names line and field."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, text in read_lines(path):
        try:
            problem = msgspec.json.decode(text, type=Problem)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"{path}: line {number}: {error}") from None
        for field in problem.__struct_fields__:
            if "\0" in (getattr(problem, field) or ""):
                raise InputError(f"{path}: line {number}: {field}: holds NUL, which no trace may")
        if problem.id in seen:
            raise InputError(f"{path}: line {number}: id: {problem.id!r} occurs twice")
        seen.add(problem.id)
        problems.append(problem)
    if not problems:
        raise InputError(f"{path}: the file holds no line")
    return problems


def read_lines(path: Path) -> list[tuple[int, bytes]]:
    """Give the lines that hold something, with their numbers."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def read_answers(path: Path) -> dict[str, dict[str, str]]:
    """Read what generate.py wrote: final answer and raw text by eval id."""
    answers: dict[str, dict[str, str]] = {}
    for number, text in read_lines(path):
        try:
            line = msgspec.json.decode(text, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"{path}: line {number}: {error}") from None
        if line.meta.eval_id in answers:
            raise InputError(f"{path}: line {number}: {line.meta.eval_id!r} is answered twice")
        answers[line.meta.eval_id] = {
            "final_answer": line.final_answer,
            "raw_text": line.meta.raw_text,
        }
    return answers
