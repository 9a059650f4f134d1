"""What steps decide by, so that the same traces give the same dataset anywhere."""

from typing import Any

from traces.document import without_system
from traces.reasoning.messages.turn import USER, UnreadableMessage
from traces.reasoning.turns import Parts, context
from tunix_site.strict_json import stored

# The conversation of a `trace` where the system may speak first: of others it need not be read.
BEGUN_BY_SYSTEM = """CASE WHEN trace.messages #>> '{0,role}' IS DISTINCT FROM 'user'
    THEN trace.messages END"""
# The conversation of a `trace` that says more than a question, with what finds the reply in it.
CONVERSATION = f"""CASE WHEN trace.messages IS NOT NULL
    AND (trace.parts & {int(Parts.SEVERAL_TURNS)} <> 0
         OR trace.messages #>> '{{0,role}}' IS DISTINCT FROM 'user')
    THEN json_build_array(
        trace.messages, json_build_object('prompt_turns', trace.meta -> 'prompt_turns',
                                          'turns_after', trace.meta -> 'turns_after')) END"""

MAX_SHOWN_CHARS = 200  # of a value of meta, in evidence and facts


def sha256(column: str) -> str:
    """Give the SQL of SHA-256 over a prefix, passed as a parameter, and a hash in UUID form."""
    return f"sha256(convert_to(%s || ({column})::text, 'UTF8'))"


def wording(table: str) -> str:
    """Give the SQL of what tells prompts apart that differ in more than capitals and white space.

    It is a uuid: of a trace without a conversation the `prompt_hash`, which leaves out nothing
    else; otherwise a hash of the prompt as it is, with what the system says, and of how it is read.
    """
    several = f"{table}.parts & {int(Parts.SEVERAL_TURNS)}"
    text = f"sha256(convert_to(concat({several}, {table}.prompt_hash, {table}.prompt), 'UTF8'))"
    return f"""CASE WHEN {table}.messages IS NULL THEN {table}.prompt_hash
        ELSE encode(substring({text} FOR 16), 'hex')::uuid END"""


def asked(prompt: str, begun_by_system: str | None) -> str:
    """Give what a `prompt_hash` is of: the prompt without what the system says before it."""
    return without_system(prompt, stored(begun_by_system)) if begun_by_system else prompt


def questions(prompt: str, conversation: str | None) -> list[str]:
    """Give what is asked in a prompt that says more: without the system's text, and turn by turn.

    `conversation` is as CONVERSATION gives it; without one, the prompt is all.
    """
    if conversation is None:
        return []
    messages, notes = stored(conversation)
    asked = dict.fromkeys([without_system(prompt, messages), *_said_by_users(messages, notes)])
    return [text for text in asked if text and text != prompt]


def _said_by_users(messages: list[dict[str, Any]], notes: dict[str, Any]) -> list[str]:
    """Give what users say before the reply; nothing of messages that are no turns."""
    try:
        return [turn.text for turn in context(messages, notes) if turn.role == USER]
    except (UnreadableMessage, AttributeError, RecursionError):
        return []


def of_meta(key: str) -> tuple[str, list[Any]]:
    """Give SQL and its parameter for the text of `meta.KEY` of a `trace`; dots in KEY nest.

    A trace without it has the empty text.
    """
    return "coalesce(trace.meta #>> %s, '')", [key.split(".")[1:]]
