"""Reasoning split into steps."""

import re

from traces.readers.draft import REASONING

# Every match takes all the blank lines that follow each other: linear in the text.
_BLANK_LINES = re.compile(r"\r?\n(?:[^\S\n]*\n)+")


def steps_of_thought(text: str) -> list[tuple[str, str]]:
    """Split at blank lines, which are dropped; what stands between them is kept word for word."""
    if "\n" not in text:
        return [(REASONING, text)] if text and not text.isspace() else []
    return [(REASONING, part) for part in _BLANK_LINES.split(text) if part and not part.isspace()]
