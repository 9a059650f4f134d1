"""How turns are written as the one text that a model learns, and read back from it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from traces.reasoning.messages.turn import ASSISTANT, SYSTEM, USER, Turn

INSTRUCTION = "\n\nPlease show your reasoning steps."  # training_example's
REASONING, ANSWER = "Reasoning:", "Answer: "
MAX_STEPS, MAX_STEP_CHARS, MAX_ANSWER_CHARS = 1_000, 20_000, 50_000
ZERO_WIDTH_SPACE = "\u200b"
JOINT = "\n\n"

_NUMBERED = re.compile(r"([0-9]{1,9})\. ")

Said = tuple[str, str]  # a role, of the user or the assistant, and what it says


@dataclass(frozen=True)
class Template:
    """The marks around a turn: what opens a user's and a model's, and what ends each."""

    user: str
    model: str
    end: str
    marks: tuple[str, ...]

    def prompt(self, text: str) -> str:
        """Ask one question."""
        return self.conversation([(USER, text)])

    def conversation(self, said: Iterable[Said]) -> str:
        """Write turns, up to where the model's reply begins."""
        return "".join([*(self._turn(role, text) for role, text in said), self.model])

    def completion(self, text: str) -> str:
        return f"{self.neutral(text)}{self.end}"

    def neutral(self, text: str) -> str:
        """Break the marks inside a text, so that it cannot end a turn."""
        for mark in self.marks:
            if mark in text:
                text = text.replace(mark, f"<{ZERO_WIDTH_SPACE}{mark[1:]}")
        return text

    def _turn(self, role: str, text: str) -> str:
        opening = self.model if role == ASSISTANT else self.user
        return f"{opening}{self.neutral(text)}{self.end}\n"

    def read(self, text: str) -> list[Said]:
        """Give the turns of a text, the reply's last; ValueError where it is none of these."""
        if not (text.startswith((self.user, self.model)) and text.endswith(self.end)):
            raise ValueError("no user's and model's turn")
        turns = [self._read_turn(turn) for turn in self._turns(text)]
        if turns[-1][0] != ASSISTANT or len(turns) == 1:
            raise ValueError("no model's turn")
        return turns

    def _turns(self, text: str) -> list[str]:
        """Part a text behind each turn's end, where another begins."""
        openings = "|".join(map(re.escape, (self.user, self.model)))
        between = f"{re.escape(self.end)}\n(?={openings})"
        return re.split(between, text.removesuffix(self.end))

    def _read_turn(self, turn: str) -> Said:
        role, opening = (
            (ASSISTANT, self.model) if turn.startswith(self.model) else (USER, self.user)
        )
        said = turn.removeprefix(opening)
        if any(mark in said for mark in self.marks):
            raise ValueError("marks inside a turn")
        if not said:
            raise ValueError("a turn that holds nothing")
        return role, said


TEMPLATES = {
    "gemma": Template(
        user="<start_of_turn>user\n",
        model="<start_of_turn>model\n",
        end="<end_of_turn>",
        marks=("<start_of_turn>", "<end_of_turn>"),
    ),
    "chatml": Template(
        user="<|im_start|>user\n",
        model="<|im_start|>assistant\n",
        end="<|im_end|>",
        marks=("<|im_start|>", "<|im_end|>", "<|endoftext|>"),
    ),
}
GEMMA = TEMPLATES["gemma"]

Format = Literal["tunix_sft", "training_example"]


def in_two_roles(turns: Iterable[Turn]) -> list[Said]:
    """Give turns as a template of two roles has them, which is what Gemma's does.

    What the system says stands before what the user says next, joined by a blank line.
    """
    said: list[Said] = []
    before: list[str] = []
    for turn in turns:
        if turn.role == SYSTEM:
            before.append(turn.text)
        elif turn.role == ASSISTANT:
            said.append((ASSISTANT, turn.text))
        else:
            said.append((USER, JOINT.join(filter(None, [*before, turn.text]))))
            before = []
    said.append((USER, JOINT.join(filter(None, before))))
    return [(role, text) for role, text in said if text]


def read_line(line: dict[str, Any], fmt: Format) -> tuple[list[Said], str]:
    """Give the turns before the reply, and the reply, of an exported line, without marks.

    ValueError names the field.
    """
    if fmt == "training_example":
        return [(USER, _text(line, "prompt"))], _text(line, "response")
    try:
        *said, (_, completion) = GEMMA.read(_text(line, "prompts"))
    except ValueError as error:
        raise ValueError(f"prompts: {str(error).removeprefix('prompts: ')}") from None
    return said, completion


def recognise(line: dict[str, Any]) -> Format:
    if "prompts" in line:
        return "tunix_sft"
    if "prompt" in line and "response" in line:
        return "training_example"
    raise ValueError("neither prompts nor prompt and response")


def _text(line: dict[str, Any], key: str) -> str:
    value = line.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key}: not a string that holds something")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{key}: a lone surrogate is no text") from None
    return value


def answer_only(completion: str) -> str:
    """Leave the reasoning out of a completion."""
    _, answer = split_answer(completion)
    return completion if answer is None else f"{ANSWER}{answer}"


def split_answer(text: str) -> tuple[str, str | None]:
    """Give what comes before the last line that begins with `Answer: `, and what follows it.

    The last, because a step may quote an answer; the final one may itself span lines.
    """
    before, mark, answer = f"\n{text}".rpartition(f"\n{ANSWER}")
    return (before[1:], answer) if mark else (text, None)


def parse(text: str) -> tuple[list[str], str]:
    """Give (steps, final answer) of what a model wrote; either may be empty."""
    before, answer = split_answer(text)
    steps = _steps(before.partition(REASONING)[2].removeprefix("\n"))
    return (
        [step[:MAX_STEP_CHARS] for step in steps if step][:MAX_STEPS],
        (answer or "")[:MAX_ANSWER_CHARS],
    )


def _steps(body: str) -> list[str]:
    """Split at the lines numbered one higher than the last; other lines go on with their step."""
    steps: list[str] = []
    last = 0
    for line in body.split("\n"):
        number = _NUMBERED.match(line)
        if number and (not steps or int(number[1]) == last + 1):
            last = int(number[1])
            steps.append(line[number.end() :])
        elif steps:
            steps[-1] += f"\n{line}"
    return steps
