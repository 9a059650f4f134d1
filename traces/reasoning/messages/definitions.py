"""Definitions of tools, in the form in which chat templates read them."""

from typing import Any

from traces.reasoning.messages.calls import called, is_json

KINDS = (None, "function", "custom")  # of functions; others are tools of a provider's own
SCHEMAS = ("parameters", "input_schema", "inputSchema")


def definitions_of(kept: Any) -> list[dict[str, Any]]:
    """Give the functions in a list of definitions, or in the JSON of one; none where it is none."""
    listed = called(kept)
    if not isinstance(listed, list) or not is_json(listed):
        return []
    found = (_function(tool) for tool in listed if isinstance(tool, dict))
    return [{"type": "function", "function": function} for function in found if function]


def _function(tool: dict[str, Any]) -> dict[str, Any] | None:
    """Read a definition of OpenAI's two forms, or of Anthropic's."""
    inner = tool.get("function", tool)
    if not isinstance(inner, dict) or tool.get("type") not in KINDS:
        return None
    name = inner.get("name")
    if not isinstance(name, str) or not name.strip():
        return None
    if inner is not tool:
        return inner
    told = {key: tool[key] for key in ("name", "description") if isinstance(tool.get(key), str)}
    schema = next((tool[key] for key in SCHEMAS if isinstance(tool.get(key), dict)), None)
    return told if schema is None else {**told, "parameters": schema}
