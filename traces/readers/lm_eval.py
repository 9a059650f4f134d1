"""Samples of EleutherAI's evaluation harness: what a task asked, and what the model wrote."""

from typing import Any

from traces.readers import fields
from traces.readers.calls import read_call
from traces.readers.draft import Draft, Unreadable
from traces.readers.exchanges import is_held, target_of
from traces.readers.payloads import Said, turns_of
from traces.readers.scores import correctness

REPLIES = "resps"
ARGUMENTS = "arguments"
METRICS = ("exact_match", "acc", "math_verify", "is_correct", "pass@1", "pass_at_1")

EXAMPLE: dict[str, Any] = {
    "doc_id": 0,
    "doc": {"question": "A box holds 6 eggs. How many do 4 boxes hold?", "answer": "24"},
    "target": "24",
    "arguments": {
        "gen_args_0": {
            "arg_0": "Question: A box holds 6 eggs. How many do 4 boxes hold?\nAnswer:",
            "arg_1": {"until": ["Question:"], "do_sample": False},
        }
    },
    "resps": [["4 boxes hold 4 * 6 = 24 eggs. The answer is 24."]],
    "filtered_resps": ["24"],
    "filter": "strict-match",
    "metrics": ["exact_match"],
    "exact_match": 1.0,
}


def recognises(record: dict[str, Any]) -> bool:
    return (
        isinstance(record.get(REPLIES), list)
        and ARGUMENTS in record
        and ("doc" in record or "filtered_resps" in record)
    )


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each reply to the prompt; the metrics are scores."""
    asked = turns_of(_prompt(record), f"{ARGUMENTS}[0]")
    if not asked:
        raise Unreadable(ARGUMENTS, "Holds no prompt.")
    replies = _replies(record)
    reference = target_of(record)
    scores = [score for name in METRICS for score in _score(record, name)]
    drafts = read_call(asked, replies)
    for position, draft in enumerate(drafts):
        if len(asked) == 1:
            draft.messages = None
        if reference:
            draft.notes["reference_answer"] = reference
        if record.get("filter") not in (None, "", "none"):
            draft.notes["filter"] = record["filter"]
        if len(drafts) == 1:
            draft.scores = scores
        draft.record = _rest(record, draft, replies[position].message["content"])
    return drafts


def _prompt(record: dict[str, Any]) -> Any:
    """Take what the model was given: the first argument of the first request."""
    arguments = record.get(ARGUMENTS)
    if isinstance(arguments, dict):
        arguments = list(arguments.values())
    if not isinstance(arguments, list) or not arguments:
        raise Unreadable(ARGUMENTS, "Holds no request.")
    first = arguments[0]
    given = list(first.values()) if isinstance(first, dict) else first
    if not isinstance(given, list) or not given:
        raise Unreadable(f"{ARGUMENTS}[0]", "Holds no prompt.")
    if len(given) > 1 and isinstance(given[1], str):
        raise Unreadable(
            ARGUMENTS, "Of a task that compares likelihoods: the model wrote no reply."
        )
    prompt = given[0]
    return prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt


def _replies(record: dict[str, Any]) -> list[Said]:
    listed = fields.listing(record, REPLIES)
    texts = listed[0] if listed and isinstance(listed[0], list) else listed
    if not texts:
        raise Unreadable(REPLIES, "Holds no reply.")
    where = f"{REPLIES}[0]"
    return [
        Said(
            f"{where}[{position}]",
            {"content": fields.checked(text, str, "a string", f"{where}[{position}]")},
        )
        for position, text in enumerate(texts)
    ]


def _score(record: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Take a metric that says right or wrong; behind each of several filters, by its whole name."""
    found = {
        key: bool(value)
        for key, value in record.items()
        if key.partition(",")[0] == name and value in (0, 1) and not isinstance(value, str)
    }
    return [
        score
        for key, is_right in found.items()
        for score in correctness(f"lm_eval:{key if len(found) > 1 else name}", is_right)
    ]


def _rest(record: dict[str, Any], draft: Draft, reply: str) -> dict[str, Any]:
    """Keep of the replies the trace's own, where the trace does not hold it word for word."""
    rest = fields.rest(record, REPLIES)
    return rest if is_held(draft, reply) else {**rest, REPLIES: [[reply]]}
