"""Requests and responses of OpenAI's API and its kin: completions, responses, messages.

{"messages": [...], "response": {"choices": [...]}}        as programs log a call
{"custom_id": ..., "body": {...}, "response": {"body": {...}}}  a batch's lines, joined
{"input": ..., "instructions": ..., "output": [{"type": "message", ...}]}   of Responses
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from traces.readers import fields
from traces.readers.calls import beside, read_call
from traces.readers.conversations import Turns
from traces.readers.draft import Draft, Unreadable
from traces.readers.exchanges import target_of
from traces.readers.payloads import CHOICES, Said, replies_of, system_of, turns_of
from traces.readers.speakers import message_of
from traces.reasoning.messages.message import read_message
from traces.reasoning.messages.turn import ASSISTANT, TOOL, UnreadableMessage, role_of
from traces.sources.json_texts import opened
from tunix_site.strict_json import shown

RESPONSES = ("response", "completion", "result", "response_body", "output")
REQUESTS = ("request", "body", "params", "request_body", "input", "kwargs")
BODY = "body"
GIVEN = ("messages", "input", "prompt", "contents")  # of a request
CUSTOM_ID = "custom_id"
MAX_ERROR_CHARS = 500  # of what a service said
ITEMS = ("message", "reasoning", "function_call")
ALONE = (
    "The response stands alone, and a trace needs its prompt: join the request's messages to it, "
    "as messages, request or body."
)

EXAMPLE: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Which is larger, 2^10 or 10^3?"}],
    "response": {
        "id": "made-up",
        "object": "chat.completion",
        "model": "a-model",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {
                    "role": "assistant",
                    "reasoning_content": "2^10 = 1024, and 10^3 = 1000.",
                    "content": "2^10",
                },
            }
        ],
    },
}


class _Place(NamedTuple):
    value: dict[str, Any]
    path: tuple[str, ...]


def recognises(record: dict[str, Any]) -> bool:
    if _response(record) is not None:
        return True
    has_half = "error" in record or "result" in record or _request(record, None) is not None
    return isinstance(record.get(CUSTOM_ID), str) and has_half


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each choice."""
    response = _response(record)
    if response is None:
        raise _failed(record)
    where = ".".join(response.path)
    request = _request(record, response)
    asked = _asked(request) if request else []
    if not asked:
        raise Unreadable("messages", ALONE)
    replies = replies_of(response.value, where)
    if not replies:
        raise Unreadable(where or "choices", "Holds no reply.")
    drafts = read_call(_before(asked, replies), replies)
    reference = target_of(record)
    for draft in drafts:
        if reference:
            draft.notes["reference_answer"] = reference
        draft.record = beside(record, drafts, (*RESPONSES, *REQUESTS, *GIVEN, "choices"))
    return drafts


def _before(asked: Turns, replies: Sequence[Said]) -> Turns:
    """Leave out the reply where it stands behind the question too, as logs of whole samples do."""
    last = asked[-1][1]
    if len(asked) == 1 or role_of(last) != ASSISTANT:
        return asked
    try:
        text = read_message(last).text
        said = [read_message(reply.message).text for reply in replies]
    except UnreadableMessage:
        return asked  # read_call says where it is
    return asked[:-1] if text.strip() and text in said else asked


def _failed(record: dict[str, Any]) -> Unreadable:
    """Say what a line without a response is."""
    result = record.get("result")
    error = record.get("error") or (result.get("error") if isinstance(result, dict) else None)
    if error:
        message = error.get("message") if isinstance(error, dict) else error
        said = shown(str(message)[:MAX_ERROR_CHARS]) if message else ""
        return Unreadable("error", f"The request failed: {said}" if said else "It failed.")
    return Unreadable(
        "response", "There is none: it is a request alone. Join the lines of the output to it."
    )


def _response(record: dict[str, Any]) -> _Place | None:
    return next((place for place in _places(record, RESPONSES) if _is_response(place.value)), None)


def _is_response(value: dict[str, Any]) -> bool:
    """Tell what OpenAI's, Anthropic's, Google's and Ollama's services and their kin answer."""
    for name in CHOICES:
        listed = value.get(name)
        if isinstance(listed, list) and listed and isinstance(listed[0], dict):
            return True
    output, message = value.get("output"), value.get("message")
    if isinstance(output, list):
        return any(isinstance(item, dict) and item.get("type") in ITEMS for item in output)
    said = message if isinstance(message, dict) else value
    return said.get("role") == ASSISTANT and "content" in said


def _request(record: dict[str, Any], response: _Place | None) -> _Place | None:
    found = [place for place in _places(record, REQUESTS) if _given(place)]
    inner = response.value if response else None
    # a response may repeat its input, and the record may be both
    beside = [place for place in found if place.value is not inner]
    return next(iter(beside or found), None)


def _given(place: _Place) -> bool:
    return any(place.value.get(name) for name in GIVEN)


def _places(record: dict[str, Any], names: tuple[str, ...]) -> list[_Place]:
    """Give the record, the objects under the names in it, and the bodies of these."""
    places = [_Place(record, ())]
    for name in names:
        value = opened(record.get(name))
        if isinstance(value, dict):
            places.append(_Place(value, (name,)))
            body = opened(value.get(BODY))
            if isinstance(body, dict):
                places.append(_Place(body, (name, BODY)))
    return places


def _asked(request: _Place) -> Turns:
    value = request.value
    name = next(name for name in GIVEN if value.get(name))
    where = ".".join((*request.path, name))
    system = system_of(value, ".".join(request.path))
    if name == "input" and isinstance(value[name], list):
        items = [(f"{where}[{n}]", item) for n, item in enumerate(value[name])]
        return [*system, *((here, _item(item, here)) for here, item in items)]
    return [*system, *turns_of(value[name], where)]


def _item(item: Any, where: str) -> dict[str, Any]:
    """Give an item of a Responses input as a message."""
    kind = fields.checked(item, dict, "an object", where).get("type")
    if kind == "function_call_output":
        return {"role": TOOL, "content": item.get("output"), **fields.rest(item, "output")}
    message = message_of(item)
    return message or {"role": ASSISTANT, "content": [item]}
