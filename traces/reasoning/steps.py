"""Reasoning split into steps."""

import re

Steps = list[tuple[str, str]]  # type and content, in order

REASONING = "reasoning"  # type of a step, where the source names none
OUTPUT = "output"  # what the model said, where the reasoning stands apart or there is none
TOOL_CALL = "tool_call"

# Every match takes all the blank lines that follow each other: linear in the text.
_BLANK_LINES = re.compile(r"\r?\n(?:[^\S\n]*\n)+")


def steps_of_thought(text: str) -> Steps:
    """Split at blank lines, which are dropped; what stands between them is kept word for word."""
    if "\n" not in text:
        return [(REASONING, text)] if text and not text.isspace() else []
    return [(REASONING, part) for part in _BLANK_LINES.split(text) if part and not part.isspace()]
