"""Numbers in a field of a form."""

import math
import re
from typing import Any

INTEGER = re.compile(r"-?[0-9]{1,19}")
DECIMAL = re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def number_or_text(text: str) -> Any:
    """Read an integer or another finite number; other text stays as it is."""
    text = text.strip()
    if INTEGER.fullmatch(text):
        return int(text)
    value = float(text) if DECIMAL.fullmatch(text) else math.inf
    return value if math.isfinite(value) else text
