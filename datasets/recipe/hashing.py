"""The SQL by which steps decide, so that the same traces give the same dataset anywhere."""

from typing import Any


def sha256(column: str) -> str:
    """Give the SQL of SHA-256 over a prefix, passed as a parameter, and a hash in UUID form."""
    return f"sha256(convert_to(%s || ({column})::text, 'UTF8'))"


def wording(table: str) -> str:
    """Give the SQL of what tells prompts apart that differ in more than capitals and white space.

    It is a uuid: of a trace without a conversation the `prompt_hash`, which leaves out nothing
    else; otherwise a hash of the prompt as it is, with what the system says.
    """
    text = f"sha256(convert_to({table}.prompt, 'UTF8'))"
    return f"""CASE WHEN {table}.messages IS NULL THEN {table}.prompt_hash
        ELSE encode(substring({text} FOR 16), 'hex')::uuid END"""


def of_meta(key: str) -> tuple[str, list[Any]]:
    """Give SQL and its parameter for the text of `meta.KEY` of a `trace`; dots in KEY nest.

    A trace without it has the empty text.
    """
    return "coalesce(trace.meta #>> %s, '')", [key.split(".")[1:]]
