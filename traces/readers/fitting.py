"""A draft fitted to the limits of the trace document; nothing of it is dropped.

This runs for every trace of an import: what fits already costs next to nothing more.
"""

from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from traces import document
from traces.document import MAX_STEP_CHARS, Step, TraceDocument
from traces.readers.draft import Draft, Unreadable
from traces.reasoning.replies import REPLY_STEP
from traces.reasoning.steps import OUTPUT

JOINT = "\n\n"
BREAKS = ("\n\n", "\n\r\n", "\n")

Pieces = list[tuple[str, str]]
Labels = dict[str, int]


@dataclass(slots=True)
class Fitted:
    """The document, and what is to be done beside: nothing of it where that stands in its meta."""

    document: TraceDocument
    status: str | None = None
    scores: list[dict[str, Any]] = field(default_factory=list)
    step_labels: Labels = field(default_factory=dict)


def fit(
    draft: Draft, *, format_name: str, source: str | None, external_id: str, may_curate: bool
) -> Fitted:
    """Make a draft a document within limits; Unreadable where a field cannot be.

    Long steps are split and the last of too many merged, as `split_steps` and `merged_steps` in
    meta say. Where the importer may not curate, the source's verdicts stay in `meta.imported`.
    """
    _check_lengths(draft, external_id)
    changes: dict[str, Any] = {}
    labels = draft.step_labels
    if draft.indexes is None:
        pieces, labels = _fit_steps(draft, changes)
        steps: list[Step] = [
            {"i": i, "type": kind, "content": content} for i, (kind, content) in enumerate(pieces)
        ]
    else:
        steps = _as_they_are(draft, draft.indexes)
    meta = _meta(draft, format_name, source)
    for name, value in changes.items():
        _put(meta, name, value)
    fitted = Fitted(
        TraceDocument(
            trace_version=draft.trace_version,
            prompt=draft.prompt,
            final_answer=draft.final_answer,
            steps=steps,
            meta=meta,
            external_id=external_id,
            tags=draft.tags or UNSET,
            messages=UNSET if draft.messages is None else draft.messages,
        )
    )
    if may_curate:
        fitted.status, fitted.scores, fitted.step_labels = draft.status, draft.scores, labels
        if labels:
            _put(meta, "step_labels", labels)
    elif draft.status or draft.scores or labels:
        given = {"status": draft.status, "scores": draft.scores, "step_labels": labels}
        _put(meta, "imported", {name: value for name, value in given.items() if value})
    return fitted


def _check_lengths(draft: Draft, external_id: str) -> None:
    for name, value, least, most in (
        ("trace_version", draft.trace_version, 1, document.MAX_VERSION_CHARS),
        ("prompt", draft.prompt, 1, document.MAX_PROMPT_CHARS),
        ("final_answer", draft.final_answer, 0, document.MAX_ANSWER_CHARS),
        ("external_id", external_id, 1, document.MAX_EXTERNAL_ID_CHARS),
    ):
        if not least <= len(value) <= most:
            raise Unreadable(name, _length_problem(value, most))
    for position, (kind, _) in enumerate(draft.steps):
        if not 1 <= len(kind) <= document.MAX_STEP_TYPE_CHARS:
            problem = _length_problem(kind, document.MAX_STEP_TYPE_CHARS)
            raise Unreadable(f"steps[{position}].type", problem)
    if len(draft.tags) > document.MAX_TAGS:
        raise Unreadable("tags", f"More than {document.MAX_TAGS} tags.")


def _length_problem(value: str, most: int) -> str:
    if not value:
        return "This field may not be blank."
    return f"Takes {len(value):,} characters; the limit is {most:,}."


def _as_they_are(draft: Draft, indexes: list[int]) -> list[Step]:
    """Keep the steps of a document to the letter."""
    if not 1 <= len(indexes) <= document.MAX_STEPS:
        raise Unreadable("steps", f"Not 1 to {document.MAX_STEPS:,} steps.")
    steps: list[Step] = []
    for i, (kind, content) in zip(indexes, draft.steps, strict=True):
        if not 1 <= len(content) <= MAX_STEP_CHARS:
            problem = _length_problem(content, MAX_STEP_CHARS)
            raise Unreadable(f"steps[{len(steps)}].content", problem)
        steps.append({"i": i, "type": kind, "content": content})
    return steps


def _meta(draft: Draft, format_name: str, source: str | None) -> dict[str, Any]:
    """Say where the trace came from; a document's own meta wins, and one kept to the letter is
    told nothing but the importer's source."""
    own = draft.meta or {}
    named = {} if source is None else {"source": source}
    if draft.indexes is not None:
        return {**own, **named}
    meta = {"source": draft.source or format_name, "format": format_name, **draft.notes}
    meta = {**meta, **own, **named}
    if draft.record:
        _put(meta, "record", draft.record)
    return meta


def _put(meta: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    """Add to meta; what the trace brought under the same name moves inside."""
    meta[name] = {**value, name: meta[name]} if name in meta else value


def _fit_steps(draft: Draft, changes: dict[str, Any]) -> tuple[Pieces, Labels]:
    """Give the steps within limits and their labels by the new position; note what was done."""
    steps = draft.steps or [(OUTPUT, draft.final_answer)]
    sizes = [len(content) for _, content in steps]
    if len(steps) <= document.MAX_STEPS and min(sizes) > 0 and max(sizes) <= MAX_STEP_CHARS:
        return steps, draft.step_labels
    pieces, last_parts = _split_steps(steps, changes)
    if not pieces and draft.final_answer:
        pieces = [(OUTPUT, part) for part in split_text(draft.final_answer)]
    if not pieces:
        raise Unreadable("steps", "The record holds neither reasoning nor an answer.")
    kept = len(pieces)
    reply = last_parts.get(str(draft.notes.get(REPLY_STEP)), kept)
    if kept > document.MAX_STEPS:
        if kept - reply >= document.MAX_STEPS:  # calls behind it alone are too many
            reply = kept
        most = document.MAX_STEPS - (kept - reply)
        merged, kept = _merge_last(pieces[:reply], most, changes)
        reply, pieces = len(merged), [*merged, *pieces[reply:]]
    if REPLY_STEP in draft.notes:
        draft.notes[REPLY_STEP] = reply
    labels = {
        str(place): label
        for position, label in draft.step_labels.items()
        if (place := last_parts.get(position, kept)) < kept
    }
    if labels != draft.step_labels:
        changes["source_step_labels"] = draft.step_labels
    return pieces, labels


def _split_steps(steps: Pieces, changes: dict[str, Any]) -> tuple[Pieces, dict[str, int]]:
    """Split long steps and leave out empty ones; give each step's last part by its position."""
    pieces: Pieces = []
    last_parts: dict[str, int] = {}
    split: dict[str, int] = {}
    empty: list[int] = []
    for position, (kind, content) in enumerate(steps):
        if not content:
            empty.append(position)
            continue
        parts = split_text(content)
        if len(parts) > 1:
            split[str(position)] = len(parts)
        pieces += [(kind, part) for part in parts]
        last_parts[str(position)] = len(pieces) - 1
    if split:
        changes["split_steps"] = split
    if empty:
        changes["empty_steps"] = {"positions": empty}
    return pieces, last_parts


def split_text(text: str) -> list[str]:
    """Split at blank lines, else at lines, else anywhere; joined, the parts are the text."""
    parts = []
    start = 0
    while len(text) - start > MAX_STEP_CHARS:
        end = _break(text, start, start + MAX_STEP_CHARS)
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


def _break(text: str, start: int, limit: int) -> int:
    for mark in BREAKS:
        found = text.rfind(mark, start, limit)
        if found >= 0:
            return found + len(mark)
    return limit


def _merge_last(pieces: Pieces, most: int, changes: dict[str, Any]) -> tuple[Pieces, int]:
    """Join as few of the last steps as leave no more than `most`; give also how many stay.

    A merged step has its first one's type; the types of all are noted where they differ.
    """
    starts: list[int] = []  # of the merged steps, the last one first
    size = 0
    first = total = len(pieces)
    while total > most:
        if not first:
            raise Unreadable("steps", f"Too much text for {document.MAX_STEPS:,} steps.")
        first -= 1
        length = len(pieces[first][1])
        if starts and size + len(JOINT) + length <= MAX_STEP_CHARS:
            starts[-1] = first
            size += len(JOINT) + length
            total -= 1
        else:
            starts.append(first)
            size = length
    merged = pieces[first:]
    note: dict[str, Any] = {"steps": len(merged), "into": len(starts)}
    types = [kind for kind, _ in merged]
    if len(set(types)) > 1:
        note["types"] = types
    changes["merged_steps"] = note
    spans = zip(reversed(starts), [*reversed(starts[:-1]), len(pieces)], strict=True)
    joined = [
        (pieces[start][0], JOINT.join(content for _, content in pieces[start:end]))
        for start, end in spans
    ]
    return [*pieces[:first], *joined], first
