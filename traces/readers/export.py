"""Lines of our own `trace`, `tunix_sft` and `training_example` exports.

They hold no step types, and the two templates break control tokens in the text: those stay so.
"""

from typing import Any, NamedTuple

from traces.readers import fields
from traces.readers.draft import TRACE_VERSION, Draft, Unreadable
from traces.reasoning.messages.turn import ASSISTANT, USER, Turn
from traces.reasoning.numbered import read_numbered
from traces.reasoning.steps import REASONING
from traces.reasoning.templates import GEMMA, INSTRUCTION
from traces.reasoning.turns import transcript

SFT = "tunix_sft"

EXAMPLE: dict[str, Any] = {
    "id": "01970000-0000-7000-8000-000000000002",
    "prompts": "<start_of_turn>user\nWhat is 6 * 7?<end_of_turn>\n<start_of_turn>model\n"
    "Reasoning:\n1. 6 * 7 is 6 * 5 + 6 * 2.\n2. 30 + 12 = 42.\nAnswer: 42<end_of_turn>",
    "final_answer": "42",
    "metadata": {
        "created_at": "2026-01-31T12:00:00.000000Z",
        "trace_version": "1.0",
        "source": "by hand",
        "format": SFT,
    },
}


class _Text(NamedTuple):
    prompt: str
    steps: list[tuple[str, str]]
    final_answer: str
    messages: list[dict[str, Any]] | None = None  # where there are several turns


def recognises(record: dict[str, Any]) -> bool:
    return _is_trace(record) or _is_sft(record) or _is_example(record)


def read(record: dict[str, Any]) -> list[Draft]:
    """Read a line of whichever of the three it is; its metadata becomes the trace's own meta.

    They are an object, that object as JSON in a text, or not there.
    """
    record = fields.parsed(record, "metadata")
    held: tuple[str, ...]
    if _is_trace(record):
        held, ours, text = ("prompts", "trace_steps", "final_answer"), [], _trace(record)
    elif _is_sft(record):
        held, ours, text = ("prompts", "final_answer"), ["format"], _sft(record)
    else:
        held, ours, text = ("prompt", "response"), ["source_trace_id"], _example(record)
    metadata = {} if record.get("metadata") is None else fields.mapping(record, "metadata")
    return [
        Draft(
            **text._asdict(),
            external_id=fields.optional_text(record, "id") or None,
            record=fields.rest(record, "id", "metadata", *held),
            trace_version=fields.optional_text(metadata, "trace_version", within="metadata")
            or TRACE_VERSION,
            meta=fields.rest(metadata, "created_at", "trace_version", *ours),
        )
    ]


def _is_trace(record: dict[str, Any]) -> bool:
    return "prompts" in record and "trace_steps" in record


def _is_sft(record: dict[str, Any]) -> bool:
    prompts = record.get("prompts")
    return (
        isinstance(prompts, str)
        and prompts.startswith((GEMMA.user, GEMMA.model))
        and "final_answer" in record
    )


def _is_example(record: dict[str, Any]) -> bool:
    if "prompt" not in record or "response" not in record:
        return False
    metadata = record.get("metadata")
    if metadata is None:
        prompt, response = record["prompt"], record["response"]
        texts = isinstance(prompt, str) and isinstance(response, str)
        return texts and prompt.endswith(INSTRUCTION) and read_numbered(response) is not None
    return isinstance(metadata, dict | str) and "source_trace_id" in metadata


def _trace(record: dict[str, Any]) -> _Text:
    return _Text(
        fields.text(record, "prompts", blank=True),
        [
            (REASONING, fields.checked(step, str, "a string", f"trace_steps[{position}]"))
            for position, step in enumerate(fields.listing(record, "trace_steps"))
        ],
        fields.text(record, "final_answer", blank=True),
    )


def _sft(record: dict[str, Any]) -> _Text:
    answer = fields.text(record, "final_answer", blank=True)
    try:
        *said, (_, reply) = GEMMA.read(fields.text(record, "prompts"))
    except ValueError as error:
        raise Unreadable("prompts", f"Not turns of a user and a model: {error}.") from None
    read = read_numbered(reply, GEMMA.neutral(answer))
    if read is None:
        raise Unreadable("prompts", "Its last turn is not 'Reasoning:', steps and 'Answer:'.")
    if [role for role, _ in said] == [USER]:
        return _Text(said[0][1], read.steps, answer)
    prompt = transcript([Turn(role, text) for role, text in said])
    messages = [{"role": role, "content": text} for role, text in [*said, (ASSISTANT, reply)]]
    return _Text(prompt, read.steps, answer, messages)


def _example(record: dict[str, Any]) -> _Text:
    read = read_numbered(fields.text(record, "response"))
    if read is None:
        raise Unreadable("response", "Not 'Reasoning:', numbered steps and 'Answer:'.")
    prompt = fields.text(record, "prompt", blank=True).removesuffix(INSTRUCTION)
    return _Text(prompt, read.steps, read.answer)
