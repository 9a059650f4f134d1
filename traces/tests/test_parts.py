"""What a trace's conversation holds is told when it is stored, however it comes in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traces.document import prompt_hash
from traces.models import Trace
from traces.reasoning.turns import Parts, parts_of
from traces.tests.factories import BodyFactory
from traces.tests.strategies import quickly

pytestmark = pytest.mark.django_db

ASKED = {"role": "user", "content": "How many legs has it?"}
REPLY = {"role": "assistant", "content": "Eight."}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
BODIES = {
    Parts(0): {},
    Parts.SEVERAL_TURNS: {"messages": [ASKED, REPLY, ASKED, REPLY]},
    Parts.TOOLS: {"messages": [ASKED, {**REPLY, "tool_calls": [{"name": "count"}]}]},
    Parts.TOOLS | Parts.OTHER_TOOLS: {
        "messages": [ASKED, {**REPLY, "tool_calls": [{"id": "1"}]}],
    },
    Parts.MEDIA: {"messages": [{**ASKED, "content": [PICTURE]}, REPLY]},
    Parts.TRUNCATED: {"meta": {"truncated": True}, "final_answer": ""},
    Parts.UNREADABLE: {"messages": [{"role": "user", "content": {"a": [5]}}]},
}


def post(client, body):
    assert client.post("/api/traces", body, format="json").status_code == 201


def batch(client, body):
    answer = client.post("/api/traces/batch", [body], format="json").json()
    assert answer["created_count"] == 1


def imported(client, body):
    data = json.dumps(body).encode()
    answer = client.generic("POST", "/api/traces/import", data, "application/x-ndjson").json()
    assert answer["created_count"] == 1


@pytest.mark.parametrize("send", [post, batch, imported])
@pytest.mark.parametrize("parts", BODIES, ids=str)
def test_each_part_is_told_by_every_route(writer, send, parts):
    send(writer, BodyFactory(**BODIES[parts]))
    stored = Trace.objects.get()
    assert Parts(stored.parts) == parts
    shown = writer.get(f"/api/traces/{stored.pk}").json()
    assert "parts" not in {**shown, **shown["payload"]}


@pytest.mark.parametrize(
    "body",
    [
        {"final_answer": ""},
        {"meta": {"truncated": True}},
        {"meta": {"truncated": 1}, "final_answer": ""},
        {"messages": []},
        {"messages": [ASKED, REPLY]},
        {"messages": [{"role": "system", "content": "Count."}, ASKED, REPLY]},
    ],
)
def test_most_traces_hold_none(writer, body):
    post(writer, BodyFactory(**body))
    assert Trace.objects.get().parts == 0


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "", "content": None}],
        [{"role": "tool", "content": {"a": {"b": [None]}}}],
        [{"role": "assistant", "content": [[[]]]}] * 3,
        [{"role": "user", "content": [{"type": 5}, 5, None, "a"]}],
        [{"role": "user", "content": "a", "tool_calls": "b"}],
        [{"role": "user", "content": json.loads("[" * 90 + "]" * 90)}],
    ],
)
def test_no_message_is_too_odd_to_be_stored(writer, messages):
    post(writer, BodyFactory(messages=messages))
    assert 0 <= Trace.objects.get().parts < 64


NAMES = st.sampled_from(
    ["type", "text", "content", "parts", "image_url", "tool_calls", "function", "arguments", "a"]
)
VALUES = st.recursive(
    st.sampled_from(["text", "image_url", "tool_use", "thinking", '{"a": 1}', "", 5, None, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.builds(
    lambda role, content, more: {**more, "role": role, "content": content},
    st.sampled_from(["system", "developer", "user", "assistant", "tool", "function_call", ""]),
    VALUES,
    st.dictionaries(NAMES, VALUES, max_size=3),
)


@settings(quickly, max_examples=300)
@given(
    st.lists(MESSAGES, max_size=4),
    st.dictionaries(st.sampled_from(["truncated", "turns_after", "prompt_turns"]), VALUES),
)
def test_whatever_messages_hold_they_are_told_of(messages, meta):
    """The two are computed in the middle of storing: what they raised would be a 500."""
    assert 0 <= parts_of(messages, meta, "") < 64
    assert len(prompt_hash("text\n\nWhat?", messages)) == 32
