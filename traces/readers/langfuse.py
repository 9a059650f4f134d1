"""Langfuse's observations and traces, as its API, its tables and its blob storage export them."""

from typing import Any

from traces.readers import fields
from traces.readers.calls import beside, read_logged
from traces.readers.draft import Draft, Unreadable

GENERATIONS = ("GENERATION", "AGENT", "CHAIN")
OTHERS = ("SPAN", "EVENT", "TOOL", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL")
# of a trace, which has no type of its own
OF_A_TRACE = ("sessionId", "session_id", "userId", "user_id", "observations", "htmlPath", "release")
IO = ("input", "output")

EXAMPLE: dict[str, Any] = {
    "id": "made-up-observation",
    "traceId": "made-up-trace",
    "type": "GENERATION",
    "name": "answer",
    "model": "a-model",
    "input": [{"role": "user", "content": "How many minutes are 3 hours?"}],
    "output": {"role": "assistant", "content": "<think>\n3 * 60 = 180.\n</think>\n\n180"},
    "metadata": {},
}


def recognises(record: dict[str, Any]) -> bool:
    if _generations(record):
        return True
    if "input" not in record or "output" not in record:
        return False
    if isinstance(record.get("type"), str):
        return record["type"].upper() in (*GENERATIONS, *OTHERS)
    return "id" in record and any(name in record for name in OF_A_TRACE)


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each reply of a generation, or of what a trace gave in the end."""
    kind = (fields.optional_text(record, "type") or "").upper()
    if kind in OTHERS:
        raise Unreadable("type", f"No generation but {kind.lower()}: it holds no prompt and reply.")
    if generations := _generations(record):
        fields.check_trace_count(len(generations), "observations")
        return [draft for one in generations for draft in read(one)]
    identity = fields.optional_text(record, "id")
    drafts = read_logged(record.get("input"), record.get("output"), names=IO, identity=identity)
    for draft in drafts:
        draft.record = beside(record, drafts, IO)
    return drafts


def _generations(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the calls of models among the observations of a trace that has no reply of its own."""
    listed = record.get("observations")
    if (
        not isinstance(listed, list)
        or "type" in record
        or (record.get("input") and record.get("output"))
    ):
        return []
    return [one for one in listed if isinstance(one, dict) and one.get("type") == "GENERATION"]
