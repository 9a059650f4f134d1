"""Prompt, thought and reply in columns of the names that most files give them.

A record is of this format where its columns leave no doubt: one prompt, one reply or thought. No
file is read by it whose records another format knows.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from traces.readers.exchanges import is_held, read_parts, reference_within
from traces.readers.labels import status_of
from traces.readers.system_columns import SYSTEMS
from traces.readers.thought_columns import ABOUT, THOUGHTS, is_switch, known_as
from traces.reasoning.messages.thoughts import folded
from traces.sources.source import Row

PROMPTS = (
    *("instruction", "question", "problem", "prompt", "query", "user_prompt", "user_input"),
    *("user", "human", "task_prompt"),
)
CONTEXTS = ("input", "context")  # beside a prompt; `input` is one where there is no other
REPLIES = (
    *("output", "response", "answer", "completion", "reply", "solution", "assistant"),
    *("generation", "generated_text", "generated_answer", "generated_solution"),
    *("model_output", "model_response", "llm_response", "output_text", "prediction"),
    *("deepseek_solution", "r1_solution", "final_response", "model_answer"),
    *("assistant_response", "response_text", "deepseek_response", "r1_answer"),
)
BESIDE_THOUGHTS = (
    "content",
    "final",
)  # replies where a thought stands beside them and no other reply
# lists of replies to one prompt, and where in an object among them the text stands
SEVERAL = (
    *("generations", "responses", "outputs", "replies", "samples", "candidates", "predictions"),
    *("generated_responses", "model_outputs", "sampled_responses"),
)
TEXTS = ("response", "text", "content", "output", "generation", "completion", "answer", "solution")
ANSWERS = ("final_answer",)
REFERENCES = (
    *("reference_answer", "ground_truth", "ground_truth_answer", "ground_truth_solution"),
    *("expected_answer", "expected_output", "expectedoutput", "correct_answer", "gold"),
    *("gold_answer", "gold_standard_solution", "reference", "target", "label_answer"),
)
HISTORY = "history"
NONE: Mapping[str, str] = MappingProxyType({})
MAX_SHOWN = 6  # names, in an error
# columns of which the prompt would not know, or that say that the record is something else
OTHERS = ("choices", "options", "chosen", "rejected", "messages", "conversations", "completions")

EXAMPLE: dict[str, Any] = {
    "instruction": "Add the numbers.",
    "input": "19 and 23",
    "output": "<think>\n19 + 20 = 39, and 3 more are 42.\n</think>\n\n42",
}


class _Columns(NamedTuple):
    """The names under which a record has its parts."""

    prompt: str
    context: str | None
    system: str | None
    thought: str | None
    reply: str | None
    answer: str | None
    reference: str | None


def recognises(record: dict[str, Any]) -> bool:
    try:
        columns = _columns_of(record)
    except Unreadable:
        return False
    thought = record.get(columns.thought or "")
    return (
        isinstance(record[columns.prompt], str)
        and (columns.reply is None or _is_reply(record[columns.reply]))
        and (thought is None or isinstance(thought, str) or _is_texts(thought))
    )


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace, or of a list of replies one for each."""
    names = names_of(record)
    columns = _columns_of(record)
    prompt = fields.text(record, columns.prompt)
    context = text_of(record, columns.context)
    asked = prompt if not context else f"{prompt}\n\n{context}"
    thought, answer = _thought(record, columns.thought), _answer(record, columns.answer)
    reference = reference_within(text_of(record, columns.reference))
    if columns.thought and columns.thought == names.get("solution"):
        reference = reference or reference_within(text_of(record, columns.reply))
    replies = _replies(record, columns)
    fields.check_trace_count(len(replies), columns.reply or "")
    drafts = []
    for number, reply in enumerate(replies):
        if not thought and not (reply or answer or "").strip():
            raise Unreadable(columns.reply or columns.thought or "answer", "Holds no text.")
        draft = read_parts(
            asked,
            reply,
            thoughts=[thought],
            answer=answer,
            system=text_of(record, columns.system),
            history=history_of(record),
            is_short=columns.reply in (names.get("answer"), None),
        )
        if reference:
            draft.notes["reference_answer"] = reference
        if len(replies) > 1:
            draft.notes["choice"] = number
        draft.status = status_of(record)
        draft.record = _rest(record, draft, columns, number)
        drafts.append(draft)
    return drafts


def _replies(record: dict[str, Any], columns: _Columns) -> list[str | None]:
    """Take the reply, or each of a list of replies, texts or objects that hold one."""
    value = record.get(columns.reply or "")
    if not isinstance(value, list):
        return [text_of(record, columns.reply)]
    found: list[str | None] = []
    for position, item in enumerate(value):
        where = f"{columns.reply}[{position}]"
        name = _text_name(item)
        found.append(
            fields.text(item, name, blank=True, within=where)
            if name
            else fields.checked(item, str, "a string", where)
        )
    return found


def _text_name(item: Any) -> str | None:
    """Name the field of an object in which its reply stands."""
    if not isinstance(item, dict):
        return None
    return next((name for name in TEXTS if isinstance(item.get(name), str)), None)


def _rest(record: dict[str, Any], draft: Draft, columns: _Columns, number: int) -> dict[str, Any]:
    """Give what the trace does not hold; of several replies its own alone."""
    reference = draft.notes.get("reference_answer")
    rest = {}
    for name, value in record.items():
        if name == columns.reply and isinstance(value, list):
            if not is_held(draft, value[number]):
                rest[name] = [value[number]]
        elif name not in columns or (value != reference and not is_held(draft, value)):
            rest[name] = value
    return rest


def names_of(record: dict[str, Any]) -> dict[str, str]:
    """Give the names of the columns that hold something, by what they are in the tables here.

    A thought's column holds nothing where it tells how the model was set, or repeats another's;
    nor does a `context` of numbers, which are a model's state.
    """
    names: dict[str, str] = {}
    thoughts: set[str] = set()
    for name, value in record.items():
        known = known_as(name)
        if value in (None, "", []) or (known in CONTEXTS and _is_state(value)):
            continue
        if known in THOUGHTS:
            text = folded(value) if isinstance(value, str) else None
            if is_switch(value) or text in thoughts:
                continue
            thoughts |= {text} if text else set()
        names[known] = name
    return names


def _is_state(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, int) for item in value)


def _columns_of(record: dict[str, Any]) -> _Columns:
    """Tell which column is what; Unreadable where a thought's answer may stand in any other."""
    names = names_of(record)
    columns = _columns(names, _empty_of(record))
    if columns.reply is None and columns.answer is None and columns.reference is None:
        texts = [
            name
            for known, name in names.items()
            if name not in columns and isinstance(record[name], str)
            if known not in ABOUT and not known.endswith(("_id", "_name", "_type"))
        ]
        if texts:
            raise Unreadable(
                texts[0], f"The answer may be {', '.join(texts[:MAX_SHOWN])}: say which with map."
            )
    return columns


def _empty_of(record: dict[str, Any]) -> dict[str, str]:
    """Give the names of the columns that hold nothing, as `names_of` does of the others."""
    named = record.columns if isinstance(record, Row) else record
    return {known_as(name): name for name in named if record.get(name) in (None, "", [])}


def _columns(names: dict[str, str], empty: Mapping[str, str] = NONE) -> _Columns:
    """Tell which column is what; Unreadable where that is in doubt, or the column `empty`."""
    if other := next((names[name] for name in OTHERS if name in names), None):
        raise Unreadable(other, "Beside it prompt and reply are in doubt: use map.")
    prompt = one_of(names, PROMPTS)
    context = one_of(names, CONTEXTS)
    if prompt is None and context == names.get("input"):
        prompt, context = context, None
    if prompt is None:
        _refuse_empty(empty, (*PROMPTS, "input"))
        raise Unreadable("prompt", f"None of the columns {_shown(PROMPTS)}.")
    thought = one_of(names, THOUGHTS)
    replies: tuple[str, ...] = REPLIES
    if thought is None and "solution" in names and "answer" in names:
        thought = names["solution"]  # worked out, and its answer
        replies = tuple(name for name in REPLIES if name != "solution")
    reply, answer = one_of(names, (*replies, *SEVERAL)), one_of(names, ANSWERS)
    if thought and reply is None:
        reply = one_of(names, BESIDE_THOUGHTS)
    if thought and reply and reply in map(names.get, SEVERAL):
        raise Unreadable(thought, f"Which of {reply} it belongs to is in doubt.")
    if reply is None and thought is None:
        _refuse_empty(empty, (*REPLIES, *SEVERAL, *THOUGHTS))
        raise Unreadable("response", f"None of the columns {_shown(REPLIES)}.")
    return _Columns(
        prompt,
        context,
        one_of(names, SYSTEMS),
        thought,
        reply,
        answer,
        next((names[name] for name in REFERENCES if name in names), None),
    )


def _refuse_empty(empty: Mapping[str, str], known: tuple[str, ...]) -> None:
    if name := next((empty[name] for name in known if name in empty), None):
        raise Unreadable(name, "This column is empty here.")


def _shown(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:MAX_SHOWN])} and their kin"


def one_of(names: dict[str, str], known: tuple[str, ...]) -> str | None:
    found = [names[name] for name in known if name in names]
    if len(found) > 1:
        raise Unreadable(found[0], f"It may be this or {', '.join(found[1:])}: use map.")
    return found[0] if found else None


def _is_reply(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) or _text_name(item) for item in value)
    return _is_text(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def text_of(record: dict[str, Any], name: str | None) -> str | None:
    return None if name is None else fields.text_or_number(record, name)


def _answer(record: dict[str, Any], name: str | None) -> str | None:
    """Take an answer, or the texts of its several parts."""
    value = record.get(name or "")
    return ", ".join(value) if value and _is_texts(value) else text_of(record, name)


def _thought(record: dict[str, Any], name: str | None) -> str | list[str] | None:
    if name is None or not isinstance(record.get(name), list):
        return text_of(record, name)
    return [
        fields.checked(item, str, "a string", f"{name}[{position}]")
        for position, item in enumerate(record[name])
    ]


def history_of(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Take the earlier exchanges, pairs of a prompt and a reply."""
    history = fields.optional_listing(record, HISTORY) or []
    pairs = []
    for position, pair in enumerate(history):
        if not (_is_texts(pair) and len(pair) == 2):
            raise Unreadable(f"{HISTORY}[{position}]", "Not a pair of texts.")
        pairs.append((pair[0], pair[1]))
    return pairs
