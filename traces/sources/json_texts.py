"""Texts that hold an object or a list as JSON."""

import re
from itertools import islice
from typing import Any

from tunix_site import strict_json

MAX_TOKENS = 1_000_000  # `[{},{},...` takes forty times its bytes once parsed
BEGINNINGS = ("{", "[")

_tokens = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{,]', re.DOTALL).finditer


def opened(value: Any) -> Any:
    """Give the object or list that a text holds; any other value, or one too large, as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(BEGINNINGS):
        return value
    try:
        return value if has_many_tokens(value) else strict_json.loads(value.encode())
    except (strict_json.InvalidJSON, UnicodeEncodeError):
        return value


def has_many_tokens(text: str) -> bool:
    """Tell what would fill the memory once parsed."""
    if sum(map(text.count, "{[,")) <= MAX_TOKENS:  # also those in texts
        return False
    return next(islice(_tokens(text), MAX_TOKENS, None), None) is not None
