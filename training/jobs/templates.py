"""How prompts and completions are written as text, and read back from what a model wrote."""

import re
from dataclasses import dataclass
from typing import Any, Literal

INSTRUCTION = "\n\nPlease show your reasoning steps."  # training_example's
REASONING, ANSWER = "Reasoning:", "Answer: "
MAX_STEPS, MAX_STEP_CHARS, MAX_ANSWER_CHARS = 1_000, 20_000, 50_000

_NUMBERED = re.compile(r"\d+\. ")


@dataclass(frozen=True)
class Template:
    """The marks around a turn; `end` closes the model's."""

    opening: str
    middle: str
    end: str

    def prompt(self, text: str) -> str:
        return f"{self.opening}{text}{self.middle}"

    def completion(self, text: str) -> str:
        return f"{text}{self.end}"


TEMPLATES = {
    "gemma": Template(
        opening="<start_of_turn>user\n",
        middle="<end_of_turn>\n<start_of_turn>model\n",
        end="<end_of_turn>",
    ),
    "chatml": Template(
        opening="<|im_start|>user\n",
        middle="<|im_end|>\n<|im_start|>assistant\n",
        end="<|im_end|>",
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
    return value


def answer_only(completion: str) -> str:
    """Leave the reasoning out of a completion."""
    _, mark, answer = completion.rpartition(f"\n{ANSWER}")
    return f"{ANSWER}{answer}" if mark else completion


def parse(text: str) -> tuple[list[str], str]:
    """Give (steps, final answer) of what a model wrote; either may be empty."""
    before, mark, answer = text.rpartition(ANSWER)
    if not mark:
        before, answer = text, ""
    steps: list[str] = []
    body = before.partition(REASONING)[2]
    for line in body.strip("\n").split("\n"):
        if _NUMBERED.match(line):
            steps.append(_NUMBERED.sub("", line, count=1))
        elif steps and line:
            steps[-1] += f"\n{line}"
    return [step[:MAX_STEP_CHARS] for step in steps if step][:MAX_STEPS], answer[:MAX_ANSWER_CHARS]
