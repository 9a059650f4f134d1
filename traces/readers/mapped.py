"""Records of which whoever imports them says which field is which."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from traces.readers import fields
from traces.readers.cells import listed
from traces.readers.conversations import as_turns, read_conversation
from traces.readers.draft import Draft, Unreadable
from traces.readers.exchanges import is_held, read_parts
from traces.readers.formats import ReaderFormat
from traces.readers.mapping import (
    MAX_NAME_CHARS,
    MESSAGES,
    META,
    PROMPT,
    REPLIES,
    Path,
    Paths,
    finds,
    located,
    without,
)
from traces.readers.record import STATUSES, UNREVIEWED
from traces.readers.speakers import message_of
from traces.reasoning.answers.answer import reference_of
from tunix_site.strict_json import shown

NAME = "map"
MISSING = "There is no such field."
MAX_TOLD = 100  # reasons
LABELS = {True: "approved", False: "rejected"}
LABEL_TEXTS = {"true": True, "false": False, "1": True, "0": False}
BLANK = "This field may not be blank."


def format_of(paths: Paths) -> ReaderFormat:
    """Give the format of records in which the parts of a trace stand where the paths say."""
    return ReaderFormat(
        NAME,
        "Records of which the import says which field is which.",
        partial(_recognises, paths),
        partial(_read, paths, set()),
        {},
    )


def _recognises(paths: Paths, record: dict[str, Any]) -> bool:
    return finds(record, paths.get(PROMPT) or paths[MESSAGES])


def _read(paths: Paths, told: set[str], record: dict[str, Any]) -> list[Draft]:
    values = {target: _located(record, path, told) for target, path in paths.items()}
    found = _Found(paths, values)
    draft = _conversation(found) if MESSAGES in paths else _exchange(found)
    rest: dict[str, Any] = dict(record)
    for target, path in paths.items():
        if found.is_held(target, draft):
            rest = without(rest, path)
    draft.record = rest
    _add_beside(found, draft)
    return [draft]


def _located(record: dict[str, Any], path: Path, told: set[str]) -> Any:
    """Give what stands at a path; of one file the same keys are told once."""
    try:
        return located(record, path)
    except Unreadable as error:
        if error.reason in told:
            raise Unreadable(error.field, MISSING) from None
        if len(told) < MAX_TOLD:
            told.add(error.reason)
        raise


class _Found:
    """What stands at the paths, by target; errors name the path."""

    def __init__(self, paths: Paths, values: Mapping[str, Any]) -> None:
        self.paths = paths
        self.values = values

    def text(self, target: str) -> str | None:
        """Take a text or a number, or None where there is none."""
        return fields.text_or_number(self._named(target), self.name(target))

    def listing(self, target: str) -> list[Any] | None:
        return fields.optional_listing(self._named(target, listed), self.name(target))

    def value(self, target: str) -> Any:
        return self.values.get(target)

    def refuse(self, target: str, reason: str) -> Unreadable:
        return Unreadable(self.name(target), reason)

    def texts(self, target: str) -> str | list[str] | None:
        """Take a text, or a list of texts or of objects that hold one."""
        value = listed(self.values.get(target))
        if not isinstance(value, list):
            return self.text(target)
        return [self._step(item, f"{self.name(target)}[{n}]") for n, item in enumerate(value)]

    def _step(self, item: Any, where: str) -> str:
        if isinstance(item, dict):
            name = next((name for name in ("content", "text", "step") if name in item), "content")
            return fields.text(item, name, blank=True, within=where)
        text: str = fields.checked(item, str, "a string", where)
        return text

    def is_held(self, target: str, draft: Draft) -> bool:
        """Tell whether the trace holds a target's value word for word."""
        value = self.values[target]
        if target in (PROMPT, "system", *REPLIES):
            return is_held(draft, value)
        if target in (MESSAGES, "tags") or target.startswith(META):
            return True
        return target not in ("label", "status") and isinstance(value, str)

    def _named(self, target: str, change: Any = lambda value: value) -> dict[str, Any]:
        return {self.name(target): change(self.values.get(target))}

    def name(self, target: str) -> str:
        return self.paths[target].text if target in self.paths else target


def _conversation(found: _Found) -> Draft:
    listing = found.listing(MESSAGES)
    if listing is None:
        raise found.refuse(MESSAGES, fields.REQUIRED)
    turns = as_turns(listing, "", found.paths[MESSAGES].text)
    return read_conversation([(where, message_of(turn) or turn) for where, turn in turns])


def _exchange(found: _Found) -> Draft:
    """Read prompt and reply as a conversation's turns, so that one rule holds for all replies."""
    prompt = found.text(PROMPT)
    if prompt is None or not prompt.strip():
        raise found.refuse(PROMPT, fields.REQUIRED if prompt is None else BLANK)
    reply, answer = found.text("reply"), found.text("final_answer")
    thoughts = [found.texts("thought"), found.texts("steps")]
    if not any(thoughts) and not (reply or answer or "").strip():
        raise found.refuse(next(name for name in REPLIES if name in found.paths), BLANK)
    return read_parts(
        prompt,
        reply,
        thoughts=thoughts,
        answer=answer,
        system=found.text("system"),
        is_short=reply is None,
    )


def _add_beside(found: _Found, draft: Draft) -> None:
    """Add what stands beside prompt and reply."""
    draft.external_id = found.text("external_id") or None
    draft.source = found.text("source") or None
    draft.status = _status(found)
    tags = listed(found.value("tags"))
    draft.tags = [tags] if isinstance(tags, str) else found.listing("tags") or []
    for tag in draft.tags:
        fields.checked(tag, str, "a string", found.name("tags"))
    reference = reference_of(found.text("reference_answer"))
    if reference:
        draft.notes["reference_answer"] = reference
    for target in found.paths:
        if target.startswith(META) and found.value(target) is not None:
            _put(draft.notes, target.removeprefix(META).split("."), found.value(target))


def _put(notes: dict[str, Any], path: list[str], value: Any) -> None:
    *above, name = path
    for key in above:
        inner = notes.get(key)
        notes[key] = dict(inner) if isinstance(inner, dict) else {}
        notes = notes[key]
    notes[name] = value


def _status(found: _Found) -> str | None:
    """Take a status by its name, or a label that says right or wrong."""
    status = found.text("status")
    if status is not None and status not in STATUSES:
        raise found.refuse(
            "status", f"{shown(status)[:MAX_NAME_CHARS]!r} is not one of {', '.join(STATUSES)}."
        )
    label = found.value("label")
    if isinstance(label, str):
        label = LABEL_TEXTS.get(label.strip().lower(), label)
    if label is not None and label not in (True, False):
        raise found.refuse("label", "Not a boolean, nor 0 or 1.")
    return (None if status == UNREVIEWED else status) if label is None else LABELS[bool(label)]
