"""LangSmith's runs: inputs and outputs, with messages as LangChain serialises them."""

from typing import Any

from traces.readers import fields
from traces.readers.calls import beside, read_logged
from traces.readers.draft import Draft, Unreadable

OF_A_RUN = (
    *("run_type", "trace_id", "dotted_order", "session_id", "parent_run_id", "child_runs"),
    *("start_time", "reference_example_id", "serialized"),
)
TALKS = ("llm", "chat", "chain", "prompt")  # runs that may hold a prompt and a reply
IO = ("inputs", "outputs")

EXAMPLE: dict[str, Any] = {
    "id": "0b9f0a52-0000-4000-8000-000000000001",
    "name": "ChatModel",
    "run_type": "llm",
    "inputs": {
        "messages": [
            [
                {
                    "lc": 1,
                    "type": "constructor",
                    "id": ["langchain", "schema", "messages", "HumanMessage"],
                    "kwargs": {"content": "What is 12 squared?", "type": "human"},
                }
            ]
        ]
    },
    "outputs": {
        "generations": [
            [
                {
                    "text": "144",
                    "generation_info": {"finish_reason": "stop"},
                    "message": {
                        "lc": 1,
                        "type": "constructor",
                        "id": ["langchain", "schema", "messages", "AIMessage"],
                        "kwargs": {
                            "content": "144",
                            "type": "ai",
                            "additional_kwargs": {"reasoning_content": "12 * 12 = 144."},
                        },
                    },
                }
            ]
        ]
    },
}


def recognises(record: dict[str, Any]) -> bool:
    return isinstance(record.get("inputs"), dict) and any(name in record for name in OF_A_RUN)


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each generation of a run."""
    kind = fields.optional_text(record, "run_type") or TALKS[0]
    if kind not in TALKS:
        raise Unreadable("run_type", "No run of a model: it holds no prompt and reply.")
    error = record.get("error")
    if not record.get("outputs") and isinstance(error, str) and error:
        raise Unreadable("error", "The run failed: it has no outputs.")
    drafts = read_logged(
        fields.mapping(record, "inputs"),
        record.get("outputs"),
        names=IO,
        identity=fields.optional_text(record, "id"),
    )
    for draft in drafts:
        draft.record = beside(record, drafts, IO)
    return drafts
