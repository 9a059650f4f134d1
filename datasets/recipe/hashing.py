"""The SQL by which steps decide, so that the same traces give the same dataset anywhere."""

from typing import Any


def sha256(column: str) -> str:
    """Give the SQL of SHA-256 over a prefix, passed as a parameter, and a hash in UUID form."""
    return f"sha256(convert_to(%s || ({column})::text, 'UTF8'))"


def of_meta(key: str) -> tuple[str, list[Any]]:
    """Give SQL and its parameter for the text of `meta.KEY` of a `trace`; dots in KEY nest.

    A trace without it has the empty text.
    """
    return "coalesce(trace.meta #>> %s, '')", [key.split(".")[1:]]
