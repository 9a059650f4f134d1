"""OpenR1-Math: several generations of a reasoning model for a problem, each judged."""

from functools import partial
from typing import Any

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from traces.readers.scores import correctness
from traces.reasoning.answers.answer import note_of, reference_of
from traces.reasoning.replies import Reply, read_reply

FLAGS = ("correctness_math_verify", "correctness_llama")
PER_GENERATION = ("generations", "is_reasoning_complete", "finish_reasons", *FLAGS)

EXAMPLE: dict[str, Any] = {
    "problem": "A train covers 120 km in 1.5 hours. What is its average speed in km/h?",
    "solution": "The speed is $120 / 1.5 = 80$ km/h.",
    "answer": "80",
    "source": "cn_k12",
    "uuid": "5f0c1f0e-0000-4000-8000-000000000002",
    "generations": [
        "<think>\nSpeed is distance over time.\n\n120 / 1.5 = 80.\n</think>\n\n"
        "The average speed is $\\boxed{80}$ km/h.",
        "<think>\nI multiply: 120 * 1.5 = 180.\n</think>\n\nIt is $\\boxed{180}$ km/h.",
    ],
    "correctness_math_verify": [True, False],
    "finish_reasons": ["stop", "stop"],
}


def recognises(record: dict[str, Any]) -> bool:
    return isinstance(record.get("problem"), str) and isinstance(record.get("generations"), list)


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each generation, with the fields that they share and its own."""
    problem = fields.text(record, "problem")
    reference = reference_of(fields.text_or_number(record, "answer"))
    uuid = fields.optional_text(record, "uuid")
    generations = fields.listing(record, "generations")
    if not generations:
        raise Unreadable("generations", "Holds no generation.")
    fields.check_trace_count(len(generations), "generations")
    flags = {name: _flags(record, name, len(generations)) for name in FLAGS}
    held = ["problem"]
    if reference and reference == record["answer"]:
        held.append("answer")
    drafts = []
    for index, generation in enumerate(generations):
        reply = _read_generation(generation, f"generations[{index}]")
        drafts.append(
            Draft(
                prompt=problem,
                final_answer=reply.answer,
                steps=reply.steps,
                record=fields.rest(_only(record, index), *held),
                notes={
                    **reply.notes,
                    **note_of(reference),
                    "generation": index,
                },
                external_id=f"{uuid}/{index}" if uuid else None,
                source_record=partial(_only, record, index),
                scores=[
                    score
                    for name, given in flags.items()
                    for score in correctness(f"openr1:{name}", given[index])
                ],
            )
        )
    return drafts


def _read_generation(generation: Any, where: str) -> Reply:
    reply = read_reply(fields.checked(generation, str, "a string", where))
    if not reply.steps and not reply.answer:
        raise Unreadable(where, "Holds no text.")
    return reply


def _flags(record: dict[str, Any], name: str, count: int) -> list[bool | None]:
    """Take a flag for each generation; the whole field may be null or missing."""
    flags = fields.optional_listing(record, name)
    if flags is None:
        return [None] * count
    if len(flags) != count:
        raise Unreadable(name, f"Its length is {len(flags)}, that of generations {count}.")
    for index, flag in enumerate(flags):
        if flag is not None:
            fields.checked(flag, bool, "a boolean", f"{name}[{index}]")
    return flags


def _only(record: dict[str, Any], index: int) -> dict[str, Any]:
    """Leave out the other generations, and a conversation that holds one of them."""
    generations = record["generations"]
    count = len(generations)
    kept = {
        name: [value[index]]
        if name in PER_GENERATION and isinstance(value, list) and len(value) == count
        else value
        for name, value in record.items()
    }
    said = _contents(record.get("messages"))
    others = {text for text in generations if isinstance(text, str)} - {generations[index]}
    if said & others:
        del kept["messages"]
    return kept


def _contents(messages: Any) -> set[str]:
    if not isinstance(messages, list):
        return set()
    found = (message.get("content") for message in messages if isinstance(message, dict))
    return {content for content in found if isinstance(content, str)}
