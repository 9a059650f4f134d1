"""OpenTelemetry's OTLP as JSON: the spans of models' calls among the many of an export.

Messages stand in a span's attributes, by the conventions for generative AI, OpenInference's or
OpenLLMetry's, or in its events.
"""

from collections.abc import Iterator
from typing import Any

from traces.readers import fields, openinference, otel
from traces.readers.calls import beside, read_call
from traces.readers.draft import Draft, Unreadable
from traces.readers.payloads import Said, replies_of, turns_of
from traces.readers.speakers import message_of
from traces.sources.json_texts import opened

RESOURCES, SCOPES, SPANS = "resourceSpans", "scopeSpans", "spans"
CALLS = ("chat", "text_completion", "generate_content", "completion")  # operations
OPERATION = "gen_ai.operation.name"
PROMPTS, COMPLETIONS = "gen_ai.prompt", "gen_ai.completion"
DETAILS = "gen_ai.client.inference.operation.details"  # an event with the attributes
VERCEL_PROMPT, VERCEL_TEXT = "ai.prompt.messages", "ai.response.text"  # of Vercel's AI SDK
VERCEL_THOUGHT, VERCEL_CALLS = "ai.response.reasoning", "ai.response.toolCalls"
VERCEL_ENDED = "ai.response.finishReason"
MESSAGE_EVENTS = {
    f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")
}
CHOICE_EVENT = "gen_ai.choice"
MAX_VALUE_DEPTH = 50
NOT_CAPTURED = (
    "The span holds no messages: its program did not capture them. Instrumentations do so where "
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT or the like is set."
)

EXAMPLE: dict[str, Any] = {
    "resourceSpans": [
        {
            "resource": {
                "attributes": [{"key": "service.name", "value": {"stringValue": "a-service"}}]
            },
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "eee19b7ec3c1b174",
                            "name": "chat a-model",
                            "attributes": [
                                {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                                {
                                    "key": "gen_ai.input.messages",
                                    "value": {
                                        "stringValue": '[{"role": "user", "parts": [{"type": '
                                        '"text", "content": "What is half of 34?"}]}]'
                                    },
                                },
                                {
                                    "key": "gen_ai.output.messages",
                                    "value": {
                                        "stringValue": '[{"role": "assistant", "parts": [{"type": '
                                        '"reasoning", "content": "34 / 2 = 17."}, {"type": "text", '
                                        '"content": "17"}], "finish_reason": "stop"}]'
                                    },
                                },
                            ],
                        }
                    ]
                }
            ],
        }
    ]
}


def recognises(record: dict[str, Any]) -> bool:
    return isinstance(record.get(RESOURCES), list) or isinstance(record.get(SCOPES), list)


def parts(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give each span of a model's call as a record of its own; those of other work are no records.

    Unreadable where the export is not as it should be, or holds no such span.
    """
    found = False
    for span, where in _spans(record):
        plain = _plain(span, where)
        if _is_call(plain["attributes"]):
            found = True
            yield plain
    if not found:
        raise Unreadable(RESOURCES, "Holds no span of a model's call.")


def read(record: dict[str, Any]) -> list[Draft]:
    """Read a span, or all those of an export."""
    if RESOURCES in record or SCOPES in record:
        return [draft for span in parts(record) for draft in read(span)]
    drafts = _read(record)
    trace, span = record.get("traceId"), record.get("spanId")
    for position, draft in enumerate(drafts):
        if isinstance(trace, str) and isinstance(span, str) and trace and span:
            draft.external_id = f"{trace}/{span}" if not position else f"{trace}/{span}/{position}"
    return drafts


def _read(span: dict[str, Any]) -> list[Draft]:
    attributes = fields.mapping(span, "attributes")
    if otel.OUTPUT in attributes:
        return otel.read(span)
    if openinference.recognises(span):
        return openinference.read(span)
    if VERCEL_PROMPT in attributes:
        return _of_vercel(span, attributes)
    asked, replies = _numbered(attributes, PROMPTS), _numbered(attributes, COMPLETIONS)
    said = [Said(f"{COMPLETIONS}.{n}", message) for n, message in enumerate(replies)]
    if not asked:
        asked, said = _in_events(span)
    if not asked or not said:
        raise Unreadable(otel.OUTPUT, NOT_CAPTURED)
    turns = [(f"{PROMPTS}.{n}", message) for n, message in enumerate(asked)]
    drafts = read_call(turns, said)
    for draft in drafts:
        draft.record = beside(span, drafts, ("attributes", "events"))
    return drafts


def _of_vercel(span: dict[str, Any], attributes: dict[str, Any]) -> list[Draft]:
    """Read a call by Vercel's AI SDK, which writes messages and calls as JSON."""
    turns = turns_of(attributes[VERCEL_PROMPT], VERCEL_PROMPT)
    calls = opened(attributes.get(VERCEL_CALLS))
    parts = [
        {"type": kind, "text": attributes[name]}
        for kind, name in (("reasoning", VERCEL_THOUGHT), ("text", VERCEL_TEXT))
        if attributes.get(name)
    ]
    content = [*parts, *(calls if isinstance(calls, list) else [])]
    if not turns or not content:
        raise Unreadable(VERCEL_TEXT, NOT_CAPTURED)
    ended = attributes.get(VERCEL_ENDED)
    said = Said(VERCEL_TEXT, {"content": content}, ended if isinstance(ended, str) else None)
    drafts = read_call(turns, [said])
    for draft in drafts:
        draft.record = beside(span, drafts, ("attributes", "events"))
    return drafts


def _is_call(attributes: dict[str, Any]) -> bool:
    if (
        attributes.get(OPERATION) in CALLS
        or otel.OUTPUT in attributes
        or VERCEL_PROMPT in attributes
    ):
        return True
    if openinference.kind_of({"attributes": attributes}) not in ("", *openinference.CALLS):
        return False
    return any(
        name.startswith((f"{openinference.OUTPUT}.", f"{COMPLETIONS}.")) for name in attributes
    )


def _spans(record: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    resources = [record] if SCOPES in record else fields.listing(record, RESOURCES)
    for position, resource in enumerate(resources):
        where = f"{RESOURCES}[{position}]"
        fields.checked(resource, dict, "an object", where)
        for number, scope in enumerate(
            fields.optional_listing(resource, SCOPES, within=where) or []
        ):
            inside = f"{where}.{SCOPES}[{number}]"
            fields.checked(scope, dict, "an object", inside)
            for index, span in enumerate(
                fields.optional_listing(scope, SPANS, within=inside) or []
            ):
                here = f"{inside}.{SPANS}[{index}]"
                yield fields.checked(span, dict, "an object", here), here


def _plain(span: dict[str, Any], where: str) -> dict[str, Any]:
    """Give a span with its attributes by name, and those of its events."""
    attributes = _attributes(span, where)
    events = []
    for position, event in enumerate(fields.optional_listing(span, "events", within=where) or []):
        here = f"{where}.events[{position}]"
        fields.checked(event, dict, "an object", here)
        inner = _attributes(event, here)
        if event.get("name") == DETAILS:
            attributes |= inner
        else:
            events.append({**event, "attributes": inner})
    return {**span, "attributes": attributes, **({"events": events} if events else {})}


def _attributes(holder: dict[str, Any], where: str) -> dict[str, Any]:
    listed = holder.get("attributes")
    if isinstance(listed, dict):
        return dict(listed)
    found: dict[str, Any] = {}
    for item in fields.optional_listing(holder, "attributes", within=where) or []:
        if isinstance(item, dict) and isinstance(item.get("key"), str):
            found[item["key"]] = _value(item.get("value"))
    return found


def _value(value: Any, depth: int = 0) -> Any:
    """Give what an AnyValue of the protocol says."""
    if not isinstance(value, dict) or len(value) != 1 or depth > MAX_VALUE_DEPTH:
        return value
    [(kind, inner)] = value.items()
    if kind == "intValue" and isinstance(inner, str) and inner.lstrip("-").isdecimal():
        return int(inner[:20])
    if kind in ("arrayValue", "kvlistValue"):
        items = inner.get("values") if isinstance(inner, dict) else None
        items = items if isinstance(items, list) else []
        if kind == "arrayValue":
            return [_value(item, depth + 1) for item in items]
        return {
            str(item["key"]): _value(item.get("value"), depth + 1)
            for item in items
            if isinstance(item, dict) and "key" in item
        }
    return inner


def _numbered(attributes: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Give the messages that attributes hold as NAME.0.role, NAME.0.content and so on."""
    by_number: dict[str, dict[str, Any]] = {}
    for key, value in attributes.items():
        number, _, field = key.removeprefix(f"{name}.").partition(".")
        if key.startswith(f"{name}.") and number.isdecimal() and field:
            by_number.setdefault(number, {})[field] = opened(value) if "." in field else value
    ordered = sorted(by_number, key=lambda number: (len(number), number))
    return [{"role": "user" if name == PROMPTS else "assistant", **by_number[n]} for n in ordered]


def _in_events(span: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Said]]:
    """Give the messages that events hold, and the replies."""
    asked: list[dict[str, Any]] = []
    said: list[Said] = []
    for position, event in enumerate(span.get("events") or []):
        where = f"events[{position}]"
        attributes = {name: opened(value) for name, value in event["attributes"].items()}
        role = MESSAGE_EVENTS.get(str(event.get("name")))
        if role:
            asked.append(message_of({"role": role, **attributes}) or {})
        elif event.get("name") == CHOICE_EVENT:
            said += replies_of(attributes, where)
    return asked, said
