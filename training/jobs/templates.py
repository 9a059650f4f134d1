"""How prompts and completions are written as text, and read back from what a model wrote."""

import re
from dataclasses import dataclass
from typing import Any, Literal

INSTRUCTION = "\n\nPlease show your reasoning steps."  # training_example's
REASONING, ANSWER = "Reasoning:", "Answer: "
MAX_STEPS, MAX_STEP_CHARS, MAX_ANSWER_CHARS = 1_000, 20_000, 50_000
ZERO_WIDTH_SPACE = "\u200b"

_NUMBERED = re.compile(r"([0-9]{1,9})\. ")


@dataclass(frozen=True)
class Template:
    """The marks around a turn; `end` closes the model's."""

    opening: str
    middle: str
    end: str
    marks: tuple[str, ...]

    def prompt(self, text: str) -> str:
        return f"{self.opening}{self.neutral(text)}{self.middle}"

    def completion(self, text: str) -> str:
        return f"{self.neutral(text)}{self.end}"

    def neutral(self, text: str) -> str:
        """Break the marks inside a text, as exports do, so that it cannot end a turn."""
        for mark in self.marks:
            text = text.replace(mark, f"<{ZERO_WIDTH_SPACE}{mark[1:]}")
        return text


TEMPLATES = {
    "gemma": Template(
        opening="<start_of_turn>user\n",
        middle="<end_of_turn>\n<start_of_turn>model\n",
        end="<end_of_turn>",
        marks=("<start_of_turn>", "<end_of_turn>"),
    ),
    "chatml": Template(
        opening="<|im_start|>user\n",
        middle="<|im_end|>\n<|im_start|>assistant\n",
        end="<|im_end|>",
        marks=("<|im_start|>", "<|im_end|>", "<|endoftext|>"),
    ),
}

Format = Literal["tunix_sft", "training_example"]


def read_line(line: dict[str, Any], fmt: Format) -> tuple[str, str]:
    """Give (prompt, completion) of an exported line, without marks; ValueError names the field."""
    if fmt == "training_example":
        return _text(line, "prompt"), _text(line, "response")
    gemma, text = TEMPLATES["gemma"], _text(line, "prompts")
    if not (text.startswith(gemma.opening) and text.endswith(gemma.end)):
        raise ValueError("prompts: no user's and model's turn")
    prompt, middle, completion = text[len(gemma.opening) : -len(gemma.end)].partition(gemma.middle)
    if not middle:
        raise ValueError("prompts: no model's turn")
    if any(mark in prompt or mark in completion for mark in gemma.marks):
        raise ValueError("prompts: more than a user's and a model's turn")
    if not prompt or not completion:
        raise ValueError("prompts: a turn that holds nothing")
    return prompt, completion


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
