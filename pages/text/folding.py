"""JSON as a tree that folds: objects and lists within details, everything else as text."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from pages.text.invisible import shown

MAX_NODES = 2_000  # of a page; what is left is JSON
MAX_DEPTH = 12
MAX_VALUE_CHARS = 2_000
OPEN_BELOW = 1  # of depth


def tree(value: Any) -> SafeString:
    """Give the HTML of a value."""
    return mark_safe("".join(_Tree().write(value)))  # noqa: S308  # escaped by `shown`


class _Tree:
    def __init__(self) -> None:
        self.left = MAX_NODES

    def write(self, value: Any, depth: int = 0) -> Iterator[str]:
        """Yield the HTML of a value; below a depth, or of too many, of its JSON."""
        if not isinstance(value, dict | list) or not value or depth >= MAX_DEPTH or self.left <= 0:
            yield _value(value)
        else:
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            yield '<ul class="tree">'
            for shown_pairs, (name, inner) in enumerate(pairs):
                self.left -= 1
                if self.left <= 0:
                    yield f"<li>and {len(value) - shown_pairs:,} more</li>"
                    break
                yield from self._row(str(name), inner, depth)
            yield "</ul>"

    def _row(self, name: str, value: Any, depth: int) -> Iterator[str]:
        label = f'<bdi class="key">{shown(name)}</bdi>'
        if isinstance(value, dict | list) and value:
            kind = f"{len(value):,} {'keys' if isinstance(value, dict) else 'items'}"
            is_open = " open" if depth < OPEN_BELOW else ""
            yield f"<li><details{is_open}><summary>{label} <small>{kind}</small></summary>"
            yield from self.write(value, depth + 1)
            yield "</details></li>"
        else:
            yield f"<li>{label} {_value(value)}</li>"


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = text[:MAX_VALUE_CHARS]
    more = f" <small>and {len(text) - len(cut):,} characters</small>" if cut != text else ""
    return f'<span class="value" dir="auto">{shown(cut)}</span>{more}'
