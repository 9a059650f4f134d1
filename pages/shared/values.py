"""Values in a field of a form, read as strictly as the API reads a body.

Text that is none stays as it is, for the serializer to refuse.
"""

import math
import re
from typing import Any

from tunix_site import strict_json

INTEGER = re.compile(r"-?[0-9]{1,19}")
DECIMAL = re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def read_json(text: str) -> Any:
    """Read JSON; InvalidJSON where a text is none at all.

    What no value may be is marked where it stands, for the serializer to refuse.
    """
    return strict_json.loads(text.encode(errors="surrogatepass"))


def json_or_text(text: str) -> Any:
    """Read JSON; other text stays as it is."""
    try:
        return read_json(text)
    except strict_json.InvalidJSON:
        return text


def number_or_text(text: str) -> Any:
    """Read an integer or another finite number; other text stays as it is."""
    text = text.strip()
    if INTEGER.fullmatch(text):
        return int(text)
    value = float(text) if DECIMAL.fullmatch(text) else math.inf
    return value if math.isfinite(value) else text
