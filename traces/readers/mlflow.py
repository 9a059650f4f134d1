"""MLflow's traces: the calls of models among the spans, or else what a trace gave in the end."""

from typing import Any

from traces.readers import fields
from traces.readers.calls import beside, read_logged
from traces.readers.draft import Draft
from traces.sources.json_texts import has_many_tokens, opened
from tunix_site import strict_json

TYPE, INPUTS, OUTPUTS = "mlflow.spanType", "mlflow.spanInputs", "mlflow.spanOutputs"
MODELS = ("CHAT_MODEL", "LLM")
REQUESTS = ("request", "inputs", "request_preview")
RESPONSES = ("response", "outputs", "response_preview")

EXAMPLE: dict[str, Any] = {
    "info": {"trace_id": "tr-made-up", "state": "OK"},
    "data": {
        "spans": [
            {
                "name": "Completions",
                "span_id": "c3ab",
                "attributes": {
                    "mlflow.spanType": '"CHAT_MODEL"',
                    "mlflow.spanInputs": '{"messages": [{"role": "user", "content": "7 * 8?"}]}',
                    "mlflow.spanOutputs": '{"choices": [{"message": {"role": "assistant", '
                    '"content": "<think>7 * 8 = 56.</think>56"}, "finish_reason": "stop"}]}',
                },
            }
        ]
    },
}


def recognises(record: dict[str, Any]) -> bool:
    spans = _spans(record)
    if any(INPUTS in _attributes(span) or TYPE in _attributes(span) for span in spans):
        return True
    data = record.get("data")
    if _is_object(record, "info") and isinstance(data, dict):  # of MLflow 2
        return "request" in data and "response" in data
    has_ids = any(name in record for name in ("trace_id", "request_id", "trace_metadata"))
    return has_ids and "request" in record and "response" in record


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each reply of each call of a model."""
    calls = [span for span in _spans(record) if _plain(_attributes(span).get(TYPE)) in MODELS]
    fields.check_trace_count(len(calls), "spans")
    drafts: list[Draft] = []
    for span in calls:
        attributes = _attributes(span)
        inputs, outputs = (
            attributes.get(name, span.get(plain))
            for name, plain in ((INPUTS, "inputs"), (OUTPUTS, "outputs"))
        )
        made = read_logged(_plain(inputs), _plain(outputs), names=(INPUTS, OUTPUTS))
        for draft in made:
            draft.record = {
                **fields.rest(record, "spans", "data", *REQUESTS, *RESPONSES),
                "span": beside(span, made, ("attributes", "inputs", "outputs")),
            }
        drafts += made
    return drafts or _whole(record)


def _whole(record: dict[str, Any]) -> list[Draft]:
    """Read what the trace was given and gave, where none of its spans is a model's call."""
    holders = [record, *(record[name] for name in ("data", "info") if _is_object(record, name))]
    given = [_first(holder, REQUESTS) for holder in holders]
    gave = [_first(holder, RESPONSES) for holder in holders]
    for span in _spans(record):
        if not span.get("parent_id") and not span.get("parent_span_id"):
            given.append(_attributes(span).get(INPUTS))
            gave.append(_attributes(span).get(OUTPUTS))
    request = next(filter(None, given), None)
    response = next(filter(None, gave), None)
    drafts = read_logged(_plain(request), _plain(response), names=("request", "response"))
    for draft in drafts:
        draft.record = beside(record, drafts, ("data", "info", "spans", *REQUESTS, *RESPONSES))
    return drafts


def _spans(record: dict[str, Any]) -> list[dict[str, Any]]:
    data = record.get("data")
    spans = data.get("spans") if isinstance(data, dict) else record.get("spans")
    spans = opened(spans)
    return [span for span in spans if isinstance(span, dict)] if isinstance(spans, list) else []


def _attributes(span: dict[str, Any]) -> dict[str, Any]:
    attributes = opened(span.get("attributes"))
    return attributes if isinstance(attributes, dict) else {}


def _first(holder: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((holder[name] for name in names if holder.get(name)), None)


def _is_object(record: dict[str, Any], name: str) -> bool:
    return isinstance(record.get(name), dict)


def _plain(value: Any) -> Any:
    """Give what an attribute says: MLflow writes each as JSON."""
    if not isinstance(value, str) or has_many_tokens(value):
        return value
    try:
        return strict_json.loads(value.encode())
    except (strict_json.InvalidJSON, UnicodeEncodeError):
        return value
