"""Changing what may change of a trace, correcting and deleting it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from msgspec import UNSET

from events.actors import Actor
from events.services import record_event
from traces.curation.members import Claim, QueueMember
from traces.document import Step, TraceDocument, without_system
from traces.intake.original import SOURCE_RECORD
from traces.models import Status, Trace
from traces.reasoning.messages.turn import ASSISTANT, USER, role_of
from traces.reasoning.replies import REPLY_IN_STEPS, REPLY_STEP
from traces.reasoning.solutions import holds_in_order
from traces.reasoning.steps import OUTPUT
from traces.reasoning.turns import Parts, before_reply, system_messages
from traces.services.locking import locked_trace
from traces.services.queues.verdicts import leave_queues
from traces.services.reviews import UNSAID, Unsaid, Verdict, judge, retag, review_trace
from traces.services.storing import create_trace
from tunix_site.errors import Conflict, Invalid

REVISES = "revision_of"  # in the meta of a corrected trace: the id of the other
TOLD = ("source", "external_id", "status", "tags")  # of a trace that is deleted
INSTEAD = "Delete these datasets first, or reject the trace."


def curate_trace(
    *, trace: Trace, by: Actor, changes: dict[str, Any], expected_tags: list[str] | None = None
) -> Trace:
    """Change status or tags; a change of status is recorded as the user's review.

    Conflict where the tags to be changed are not those that were expected, as somebody was there
    first.
    """
    with transaction.atomic():
        trace = locked_trace(trace=trace)
        is_retagged = "tags" in changes and changes["tags"] != trace.tags
        if is_retagged and expected_tags not in (None, trace.tags):
            now, before = (", ".join(tags) or "none" for tags in (trace.tags, expected_tags or []))
            raise Conflict(f"The tags are {now} by now, not {before}.")
        if "status" in changes and changes["status"] != trace.status:
            judge(trace=trace, verdict=Verdict(status=changes["status"]), by=by)
        if is_retagged:
            retag(trace=trace, tags=changes["tags"], by=by)
    return trace


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What shall be otherwise in a trace, None for what stays, and why."""

    prompt: str | None = None
    final_answer: str | None = None
    steps: list[Step] | None = None
    note: str = ""
    reasons: Sequence[str] = ()


def correct_trace(
    *,
    trace: Trace,
    correction: Correction,
    by: Actor,
    expected_status: str | None = None,
    expected_review: int | Unsaid | None = UNSAID,
    claim: Claim | None = None,
) -> Trace:
    """Store a corrected trace, which names the one that it revises, and reject that one.

    What is expected, and what is refused for it, as for `review_trace`. Invalid where nothing is
    corrected, or the trace would be too large.
    """
    with transaction.atomic():
        trace = locked_trace(trace=trace)
        corrected, _ = create_trace(document=_corrected(trace, correction), by=by)
        if corrected.content_hash == trace.content_hash:
            raise Invalid({"detail": "The content is the same: nothing is corrected."})
        verdict = Verdict(
            status=Status.REJECTED,
            note=correction.note or f"Corrected: {corrected.pk}",
            reasons=correction.reasons,
        )
        review_trace(
            trace=trace,
            verdict=verdict,
            by=by,
            expected_status=expected_status,
            expected_review=expected_review,
            claim=claim,
        )
    return corrected


def _corrected(trace: Trace, correction: Correction) -> TraceDocument:
    """Give the corrected document, without what tells of the content that it had.

    That are the conversation from the reply on and the texts of the source record that hold it,
    which formats would be written from, and where the answer was found.
    """
    steps = trace.steps if correction.steps is None else correction.steps
    meta = {**trace.meta, REVISES: str(trace.pk)}
    is_answer_other = correction.final_answer not in (None, trace.final_answer)
    if is_answer_other:
        meta.pop("answer_from", None)
    if is_answer_other and steps == trace.steps:
        meta.pop(REPLY_IN_STEPS, None)  # which marks the old answer
    if is_answer_other or steps != trace.steps:
        _forget_reply(meta, trace)
    if REPLY_STEP in meta:
        meta[REPLY_STEP] = _reply_among(steps, trace)
        if meta[REPLY_STEP] is None:
            del meta[REPLY_STEP]
    prompt = trace.prompt if correction.prompt is None else correction.prompt
    messages = _asked(trace, prompt)
    for note in ("prompt_turns", "turns_after"):
        meta.pop(note, None)
    if messages and role_of(messages[-1]) == ASSISTANT:  # which is not the reply
        meta["prompt_turns"] = len(messages)
    document = TraceDocument(
        trace_version=trace.trace_version,
        prompt=prompt,
        final_answer=(
            trace.final_answer if correction.final_answer is None else correction.final_answer
        ),
        steps=steps,
        meta=meta,
        tags=trace.tags,
        messages=messages or UNSET,
    )
    size = len(msgspec.json.encode(document))
    if size > settings.MAX_TRACE_BYTES:
        limit = f"{settings.MAX_TRACE_BYTES:,}"
        raise Invalid({"detail": f"Takes {size:,} bytes as JSON; the limit is {limit}."})
    return document


def _asked(trace: Trace, prompt: str) -> list[dict[str, Any]]:
    """Give the messages before the reply; of another prompt, what the system says and the rest.

    So a corrected trace is an attempt at the prompt that it was one at.
    """
    messages = trace.messages or []
    if prompt == trace.prompt and not trace.parts & Parts.UNREADABLE:
        return before_reply(messages, trace.meta)
    rest = without_system(prompt, messages)
    if rest == prompt:
        return []
    return [*system_messages(messages), {"role": USER, "content": rest}]


def _forget_reply(meta: dict[str, Any], trace: Trace) -> None:
    """Take the texts that hold all steps out of `meta.record`, where that tells what they are.

    A step that is the answer alone, such as `4`, stands in other texts as well.
    """
    record = meta.get(SOURCE_RECORD)
    if not isinstance(record, dict) or [step["type"] for step in trace.steps] == [OUTPUT]:
        return
    said = [step["content"] for step in trace.steps]
    meta[SOURCE_RECORD] = {
        name: value
        for name, value in record.items()
        if not (isinstance(value, str) and holds_in_order(value, said))
    }
    if not meta[SOURCE_RECORD]:
        del meta[SOURCE_RECORD]


def _reply_among(steps: Sequence[Step], trace: Trace) -> int | None:
    """Give the i of the step that is the reply, also where steps before it came or went."""
    number = trace.meta[REPLY_STEP]
    [reply] = [step for step in trace.steps if step["i"] == number] or [None]
    alike = [step for step in steps if reply and step["type"] == reply["type"]]
    same = [step["i"] for step in alike if step["content"] == reply["content"]]
    left = same or [step["i"] for step in alike]
    return number if number in left else left[-1] if len(left) == 1 or same else None


def delete_trace(*, trace: Trace, by: Actor) -> None:
    """Delete a trace with its scores and reviews.

    Conflict names the datasets that hold it, or what was added to it meanwhile.
    """
    try:
        with transaction.atomic():
            identity, trace = trace.pk, locked_trace(trace=trace)
            members = list(QueueMember.objects.filter(trace=trace))
            trace.delete()
            record_event(
                by=by,
                action="delete",
                object_type="trace",
                object_id=identity,
                before={name: getattr(trace, name) for name in TOLD},
            )
            leave_queues(members=members, by=by)
    except ProtectedError as error:
        holders = sorted({str(holder) for holder in error.protected_objects})
        raise Conflict(f"The trace is held by: {', '.join(holders)}. {INSTEAD}") from None
    except IntegrityError as error:
        # between the look and the deletion
        raise Conflict(_came_meanwhile(error)) from None


def _came_meanwhile(error: IntegrityError) -> str:
    """Say what refers to a trace since it was looked through."""
    cause = error.__cause__
    table = cause.diag.table_name if isinstance(cause, psycopg.Error) else None
    for model in apps.get_models():
        if model._meta.db_table == table:
            return f"A {model._meta.verbose_name} was just added to the trace: delete it again."
    return "The trace is held by a dataset that was just built."  # whose trigger names no table
