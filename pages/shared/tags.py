"""Tags in a field of many lines: one on each, and as JSON what a line would not give back."""

import json
from collections.abc import Iterable

from pages.shared.lines import lines_of
from pages.shared.values import read_json
from tunix_site.strict_json import InvalidJSON


def tag_lines(tags: Iterable[str]) -> str:
    """Write tags so that `tags_in` reads the same ones."""
    return "\n".join(
        json.dumps(tag, ensure_ascii=False) if _needs_quotes(tag) else tag for tag in tags
    )


def tags_in(text: str) -> list[str]:
    """Read the tags of a field; white space is theirs, empty lines are none."""
    return [_read(line) for line in lines_of(text)]


def _read(line: str) -> str:
    quoted = _quoted(line)
    return line if quoted is None or not _needs_quotes(quoted) else quoted


def _needs_quotes(tag: str) -> bool:
    """Tell what has line breaks, or would be read as another tag."""
    if "\n" in tag or "\r" in tag:
        return True
    quoted = _quoted(tag)
    return quoted is not None and _needs_quotes(quoted)


def _quoted(line: str) -> str | None:
    if not line.startswith('"'):
        return None
    try:
        text = read_json(line)
    except InvalidJSON:
        return None
    return text if isinstance(text, str) else None
