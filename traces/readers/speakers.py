"""One message, in OpenAI's, LangChain's, ShareGPT's or another form, with the names it has here."""

from typing import Any

from traces.readers.conversations import as_message
from traces.reasoning.messages.turn import ASSISTANT, SYSTEM, TOOL, USER, role_of

SPEAKER_NAMES = ("role", "from", "speaker", "author", "sender")
SAID_NAMES = ("content", "value", "text", "message", "utterance")


def message_of(value: Any) -> dict[str, Any] | None:
    """Give what is a message the names that messages have; None where it is none."""
    if isinstance(value, list):
        return _paired(value)
    if not isinstance(value, dict):
        return None
    inner = value.get("message")
    if isinstance(inner, dict) and "role" not in value:
        return message_of(inner)
    if isinstance(value.get("kwargs"), dict) and isinstance(value.get("id"), list):  # LangChain's
        kind = value["kwargs"].get("role") or value["kwargs"].get("type") or str(value["id"][-1:])
        return _named(str(kind).strip("[]'"), value["kwargs"], "content", "type", "role")
    if isinstance(value.get("data"), dict) and speaker(value.get("type")):
        return _named(value["type"], value["data"], "content", "type")
    if "role" not in value and speaker(value.get("type")) and "content" in value:
        return _named(value["type"], value, "content", "type")
    return _spoken(value)


def _paired(value: list[Any]) -> dict[str, Any] | None:
    """Read a pair of a speaker and what is said."""
    if len(value) == 2 and all(isinstance(item, str) for item in value) and speaker(value[0]):
        return {"role": speaker(value[0]), "content": value[1]}
    return None


def _spoken(value: dict[str, Any]) -> dict[str, Any] | None:
    named = next((name for name in SPEAKER_NAMES if isinstance(value.get(name), str)), None)
    if named == "role":
        return value
    if named == "from":
        message: dict[str, Any] = as_message(value)
        return message
    said = next((name for name in SAID_NAMES if name in value), None)
    return _named(value[named], value, said, named) if named and said else None


def _named(kind: str, value: dict[str, Any], said: str, *held: str) -> dict[str, Any]:
    rest = {name: item for name, item in value.items() if name not in (said, *held)}
    return {"role": speaker(kind) or kind, "content": value.get(said), **rest}


def speaker(kind: Any) -> str | None:
    """Give the role by the name that a speaker goes by, or None."""
    name = kind.strip().lower().removesuffix("chunk") if isinstance(kind, str) else ""
    role = role_of({"role": name})
    return role if role in (USER, ASSISTANT, SYSTEM, TOOL) else None
