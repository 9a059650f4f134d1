"""Conversations: what they hold, what stands before the reply, and how people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.reasoning.turns import Parts, context, parts_of, system_text, transcript
from traces.tests.strategies import quickly, values

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "What is 9 + 9?"}
REPLY = {"role": "assistant", "content": "<think>a</think>18"}
CALL = {"role": "assistant", "tool_calls": [{"function": {"name": "add", "arguments": "{}"}}]}
RESULT = {"role": "tool", "content": "18"}
IMAGE = {"role": "user", "content": [{"type": "image_url", "image_url": {}}, {"text": "What?"}]}


@pytest.mark.parametrize(
    ("messages", "parts"),
    [
        (None, Parts(0)),
        ([], Parts(0)),
        ([USER, REPLY], Parts(0)),
        ([SYSTEM, USER, REPLY], Parts(0)),
        ([{**SYSTEM, "role": "developer"}, USER, REPLY], Parts(0)),
        ([USER], Parts(0)),  # the reply is not among them
        ([USER, REPLY, USER, REPLY], Parts.SEVERAL_TURNS),
        ([USER, USER, REPLY], Parts.SEVERAL_TURNS),
        ([USER, REPLY, USER], Parts.SEVERAL_TURNS),
        ([USER, SYSTEM, REPLY], Parts.SEVERAL_TURNS),
        ([USER, CALL], Parts.TOOLS),
        ([USER, CALL, RESULT, REPLY], Parts.SEVERAL_TURNS | Parts.TOOLS),
        ([IMAGE, REPLY], Parts.MEDIA),
        ([{"role": "user", "content": 5}, REPLY], Parts.UNREADABLE),
        ([{"role": 5}, REPLY], Parts.SEVERAL_TURNS),
        (["x", REPLY], Parts.UNREADABLE),
    ],
)
def test_what_a_conversation_holds_beside_one_question(messages, parts):
    assert parts_of(messages, {}, "18") == parts


def test_what_was_said_behind_the_reply_is_not_asked():
    messages = [USER, REPLY, {"role": "user", "content": "Thanks."}]
    assert parts_of(messages, {"turns_after": 1}, "18") == Parts(0)
    assert [turn.text for turn in context(messages, {"turns_after": 1})] == ["What is 9 + 9?"]


def test_a_reply_that_was_cut_off_is_one_without_an_answer():
    assert parts_of(None, {"truncated": True}, "") == Parts.TRUNCATED
    assert parts_of(None, {"truncated": True}, "18") == Parts(0)
    assert parts_of(None, {"truncated": "yes"}, "") == Parts(0)
    assert parts_of(None, None, "") == Parts(0)
    many = parts_of([USER, CALL, RESULT, REPLY], {"truncated": True}, "")
    assert many == Parts.TRUNCATED | Parts.SEVERAL_TURNS | Parts.TOOLS


def test_earlier_thoughts_are_not_said_again():
    turns = context([SYSTEM, USER, REPLY, USER, REPLY], {})
    assert [(turn.role, turn.text) for turn in turns] == [
        ("system", "Be brief."),
        ("user", "What is 9 + 9?"),
        ("assistant", "18"),
        ("user", "What is 9 + 9?"),
    ]


def test_all_turns_may_be_the_prompt():
    assert len(context([USER, REPLY], {"prompt_turns": 2})) == 2
    assert len(context([USER, REPLY], {})) == 1


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([USER], "What is 9 + 9?"),
        ([SYSTEM, USER], "Be brief.\n\nWhat is 9 + 9?"),
        ([USER, REPLY], "User: What is 9 + 9?\n\nAssistant: 18"),
        (
            [SYSTEM, USER, CALL, RESULT],
            "Be brief.\n\nUser: What is 9 + 9?\n\nAssistant calls: add {}\n\nTool: 18",
        ),
        ([{"role": "critic", "content": "Hm."}, USER], "critic: Hm.\n\nUser: What is 9 + 9?"),
    ],
)
def test_a_transcript_is_read_by_people(messages, text):
    assert transcript(context([*messages, REPLY], {})) == text


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        (None, ""),
        ([USER, SYSTEM], ""),
        ([SYSTEM, USER], "Be brief."),
        (
            [SYSTEM, {"role": "developer", "content": [{"text": "In verse."}]}],
            "Be brief.\n\nIn verse.",
        ),
        ([{"role": "system", "content": 5}, USER], ""),
    ],
)
def test_what_the_system_says_first(messages, text):
    assert system_text(messages) == text
    if messages and text:
        assert transcript(context([*messages, REPLY], {})).startswith(text)


@quickly
@given(st.lists(st.dictionaries(st.sampled_from(["role", "content", "x"]), values)))
def test_whatever_messages_are_their_parts_are_told(messages):
    assert isinstance(parts_of(messages, {}, ""), Parts)
    assert isinstance(system_text(messages), str)


def test_a_hundred_thousand_thoughts_are_read():
    """Where the time grew with the square of their number, this would take hours."""
    for thought in ("t", "t{}"):
        parts = [{"type": "thinking", "thinking": thought.format(n)} for n in range(100_000)]
        reply = {"role": "assistant", "content": [*parts, {"type": "text", "text": "18"}]}
        assert parts_of([USER, reply], {}, "18") == Parts(0)
