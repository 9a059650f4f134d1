"""What steps decide by, so that the same traces give the same dataset anywhere."""

from typing import Any

from traces.document import without_system
from tunix_site.strict_json import stored

# The conversation of a `trace` where the system may speak first: of others it need not be read.
BEGUN_BY_SYSTEM = """CASE WHEN trace.messages #>> '{0,role}' IS DISTINCT FROM 'user'
    THEN trace.messages END"""


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


def asked(prompt: str, begun_by_system: str | None) -> str:
    """Give what a `prompt_hash` is of: the prompt without what the system says before it."""
    return without_system(prompt, stored(begun_by_system)) if begun_by_system else prompt


def of_meta(key: str) -> tuple[str, list[Any]]:
    """Give SQL and its parameter for the text of `meta.KEY` of a `trace`; dots in KEY nest.

    A trace without it has the empty text.
    """
    return "coalesce(trace.meta #>> %s, '')", [key.split(".")[1:]]
