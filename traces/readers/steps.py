"""Reasoning split into steps."""

import re

# Every match takes all the blank lines that follow each other: linear in the text.
_BLANK_LINES = re.compile(r"\r?\n(?:[^\S\n]*\n)+")


def steps_of_thought(text: str, kind: str = "reasoning") -> list[tuple[str, str]]:
    """Split at blank lines, which are dropped; what stands between them is kept word for word."""
    if "\n" not in text:
        return [(kind, text)] if text and not text.isspace() else []
    return [(kind, part) for part in _BLANK_LINES.split(text) if part and not part.isspace()]
