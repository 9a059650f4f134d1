"""POST /api/traces/{id}/correct: a new trace that names the old one, which is rejected."""

from uuid import UUID

import pytest

from events.models import Event
from traces.document import prompt_hash
from traces.models import Review, Trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import assert_counted, filled

pytestmark = pytest.mark.django_db

STEPS = [
    {"i": 0, "type": "reasoning", "content": "7+5=12"},
    {"i": 4, "type": "output", "content": "So it is 41."},
]
META = {"source": "sums", "reply_step": 4, "answer_from": "last_line", "level": 3}


def correct(client, trace, **body):
    return client.post(f"/api/traces/{trace.pk}/correct", body, format="json")


@pytest.fixture
def trace() -> Trace:
    return TraceFactory(
        steps=STEPS,
        final_answer="41",
        meta=META,
        tags=["carry"],
        external_id="q-1",
        messages=[{"role": "user", "content": "q"}, {"role": "assistant", "content": "41"}],
    )


def test_a_corrected_trace_is_stored_and_the_old_one_rejected(curator, trace):
    steps = [STEPS[0], {**STEPS[1], "content": "So it is 42."}]
    response = correct(curator, trace, final_answer="42", steps=steps, reasons=["wrong answer"])
    assert response.status_code == 201
    shown = response.json()
    corrected = Trace.objects.get(pk=shown["id"])
    assert shown["payload"] == {
        "trace_version": trace.trace_version,
        "prompt": trace.prompt,
        "final_answer": "42",
        "steps": steps,
        "meta": {"source": "sums", "reply_step": 4, "level": 3, "revision_of": str(trace.pk)},
        "messages": [{"role": "user", "content": "q"}],
    }
    assert (shown["status"], shown["tags"]) == ("unreviewed", ["carry"])
    assert (shown["source"], shown["external_id"]) == ("sums", None)
    assert corrected.created_by.username == "a curator"
    trace.refresh_from_db()
    assert (trace.status, trace.final_answer) == ("rejected", "41")
    review = Review.objects.get()
    assert (review.trace, review.verdict, review.reasons) == (trace, "rejected", ["wrong answer"])
    assert review.note == f"Corrected: {corrected.pk}"
    assert [event.action for event in Event.objects.filter(object_id=trace.pk)] == ["review"]


SYSTEM = {"role": "system", "content": "Be brief."}
DEVELOPER = {"role": "developer", "content": "In English."}
ASKED = {"role": "user", "content": "How many?"}
THOUGHT = {"role": "assistant", "content": "", "reasoning_content": "Let me see."}
REPLY = {"role": "assistant", "content": "41"}
ANSWERED = {"role": "assistant", "content": "Of what?"}


@pytest.mark.parametrize(
    ("prompt", "messages", "meta", "kept", "notes"),
    [
        ("Be brief.\n\nHow many?", [SYSTEM, ASKED, REPLY], {}, 2, {}),
        ("Be brief.\n\nHow many?", [SYSTEM, ASKED, THOUGHT, REPLY], {}, 2, {}),
        ("Be brief.\n\nHow many?", [SYSTEM, ASKED], {}, 2, {}),
        ("Be brief.\n\nHow many?", [SYSTEM, ASKED, REPLY, ASKED], {"turns_after": 1}, 2, {}),
        ("Be brief.\n\nIn English.\n\nHow many?", [SYSTEM, DEVELOPER, ASKED, REPLY], {}, 3, {}),
        ("q", [ASKED, ANSWERED, REPLY], {}, 2, {"prompt_turns": 2}),
        ("q", [ASKED, ANSWERED], {"prompt_turns": 2}, 2, {"prompt_turns": 2}),
        ("q", [REPLY], {}, 0, {}),
        ("q", [], {}, 0, {}),
    ],
)
def test_the_turns_before_the_reply_stay(curator, prompt, messages, meta, kept, notes):
    trace = TraceFactory(prompt=prompt, messages=messages, meta=meta, final_answer="41")
    shown = correct(curator, trace, final_answer="42").json()
    corrected = Trace.objects.get(pk=shown["id"])
    assert corrected.messages == (messages[:kept] or None)
    assert corrected.prompt_hash == trace.prompt_hash
    assert corrected.meta == {**notes, "revision_of": str(trace.pk)}
    preferred = curator.post(
        "/api/preferences", {"chosen": shown["id"], "rejected": str(trace.pk)}, format="json"
    )
    assert preferred.status_code == 201


@pytest.mark.parametrize(
    ("prompt", "messages"),
    [
        ("Be brief.\n\nHow much?", [SYSTEM, {"role": "user", "content": "How much?"}]),
        ("Be longer.\n\nHow much?", None),
        ("How much?", None),
        ("Be brief.", None),
    ],
)
def test_of_another_prompt_what_the_system_says_stays_where_it_is_said(curator, prompt, messages):
    trace = TraceFactory(prompt="Be brief.\n\nHow many?", messages=[SYSTEM, ASKED, REPLY])
    corrected = Trace.objects.get(pk=correct(curator, trace, prompt=prompt).json()["id"])
    assert (corrected.prompt, corrected.messages) == (prompt, messages)
    asked = prompt if messages is None else "How much?"
    assert corrected.prompt_hash == UUID(prompt_hash(asked))


@pytest.mark.parametrize("rest", [[], [ASKED]])
def test_of_messages_that_are_no_turns_what_the_system_says_stays(curator, rest):
    trace = TraceFactory(
        prompt="Be brief.\n\nHow many?",
        messages=[SYSTEM, {"role": "user", "content": 5}, *rest, REPLY],
    )
    shown = correct(curator, trace, final_answer="42").json()
    corrected = Trace.objects.get(pk=shown["id"])
    assert corrected.messages == [SYSTEM, ASKED]
    assert corrected.prompt_hash == trace.prompt_hash


def test_what_told_of_the_old_content_goes(curator, trace):
    kept = correct(curator, trace, prompt="Another?").json()["payload"]["meta"]
    assert (kept["answer_from"], kept["reply_step"]) == ("last_line", 4)
    gone = correct(curator, trace, steps=[STEPS[0]]).json()["payload"]["meta"]
    assert "reply_step" not in gone


COMPLETION = "8+9 is 17.\nThe answer is 17."
IN_STEPS = [{"i": 0, "type": "reasoning", "content": COMPLETION}]
RIGHT = [{"i": 0, "type": "reasoning", "content": "8+8 is 16.\nThe answer is 16."}]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"final_answer": "16"}, {"record": {"level": "17"}}),
        ({"steps": RIGHT}, {"record": {"level": "17"}, "reply_in_steps": True}),
        (
            {"prompt": "Another?"},
            {"record": {"level": "17", "completion": COMPLETION}, "reply_in_steps": True},
        ),
    ],
)
def test_a_reply_that_was_kept_whole_goes_with_the_content_that_it_had(curator, body, kept):
    record = {"level": "17", "completion": COMPLETION}
    meta = {"record": record, "reply_in_steps": True}
    trace = TraceFactory(steps=IN_STEPS, final_answer="17", meta=meta)
    shown = correct(curator, trace, **body).json()["payload"]["meta"]
    assert shown == {**kept, "revision_of": str(trace.pk)}
    trace.refresh_from_db()
    assert trace.meta == meta


def test_of_a_step_that_is_the_answer_no_other_text_goes(curator):
    record = {"level": "grade 4"}
    steps = [{"i": 0, "type": "output", "content": "4"}]
    trace = TraceFactory(steps=steps, final_answer="4", meta={"record": record})
    shown = correct(curator, trace, final_answer="5").json()["payload"]["meta"]
    assert shown["record"] == record


@pytest.mark.parametrize(
    ("contents", "place"),
    [
        (["r:7+5=12", "r:carry 1", "o:So it is 41."], 2),
        (["r:7+5=12", "r:carry 1", "o:So it is 42."], 2),
        (["r:7+5=12", "o:So it is 42.", "o:So it is 41."], 2),
        (["o:So it is 41."], 0),
        (["r:7+5=12", "o:It is 42.", "o:Or so."], None),
        (["r:7+5=12", "r:carry 1"], None),
    ],
)
def test_the_reply_is_named_where_it_stands_now(curator, trace, contents, place):
    types = {"r": "reasoning", "o": "output"}
    steps = [
        {"i": number, "type": types[kind], "content": content}
        for number, (kind, content) in enumerate(one.split(":") for one in contents)
    ]
    meta = correct(curator, trace, steps=steps).json()["payload"]["meta"]
    assert meta.get("reply_step") == place


def test_a_claim_of_a_queue_ends_with_it(curator, trace):
    queue = filled()
    claim = curator.post(f"/api/queues/{queue.pk}/next", {}, format="json").json()["claim"]["id"]
    response = correct(curator, trace, final_answer="42", claim=claim, expected_review=None)
    assert response.status_code == 201
    assert Review.objects.get().queue == queue
    assert_counted(queue)
    assert queue.left_count == 0


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "detail"),
        ({"final_answer": "41"}, "detail"),
        ({"prompt": ""}, "prompt"),
        ({"steps": []}, "steps"),
        ({"steps": [STEPS[0], STEPS[0]]}, "steps"),
        ({"meta": {}}, "meta"),
        ({"verdict": "approved"}, "verdict"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_stored(curator, trace, body, key):
    response = correct(curator, trace, **body)
    assert (response.status_code, list(response.json())) == (400, [key])
    trace.refresh_from_db()
    assert (trace.status, Trace.objects.count()) == ("unreviewed", 1)


def test_a_trace_that_would_be_too_large_is_refused(curator, trace, settings):
    settings.MAX_TRACE_BYTES = 500
    response = correct(curator, trace, prompt="p" * 400)
    assert response.status_code == 400
    assert "the limit is 500" in str(response.json())
    assert Trace.objects.count() == 1


def test_whoever_was_there_first_is_not_overwritten(curator, trace):
    Trace.objects.update(status="approved")
    response = correct(curator, trace, final_answer="42", expected_status="unreviewed")
    assert response.status_code == 409
    assert response.json() == {"detail": "The status is approved by now, not unreviewed."}
    assert Trace.objects.count() == 1


def test_it_takes_a_curator(writer, trace):
    assert correct(writer, trace, final_answer="42").status_code == 403
