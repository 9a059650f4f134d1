"""Conversations under other names, and written in other ways."""

import json

import pytest

from traces.readers import dialogues
from traces.readers.formats import recognise
from traces.reasoning.steps import REASONING
from traces.tests.readers.reading import only, refusal

ASKED, SAID = "Is 57 a prime number?", "<think>\n3 * 19 = 57.\n</think>\n\nNo."
TURNS = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": SAID}]


def check(record):
    assert recognise([record]).name == "conversation"
    draft = only(dialogues.read(record))
    assert (draft.prompt, draft.final_answer) == (ASKED, "No.")
    assert draft.steps == [(REASONING, "3 * 19 = 57.")]
    return draft


@pytest.mark.parametrize("name", ["conversation", "dialogue", "chat", "turns", "chat_history"])
def test_the_list_may_have_another_name(name):
    draft = check({name: TURNS, "language": "English", "turn": 1})
    assert draft.messages == TURNS
    assert draft.record == {"language": "English", "turn": 1}


@pytest.mark.parametrize(
    "turns",
    [
        [{"from": "human", "value": ASKED}, {"from": "gpt", "value": SAID}],
        [{"speaker": "user", "text": ASKED}, {"speaker": "bot", "text": SAID}],
        [{"author": "Human", "message": ASKED}, {"author": "AI", "message": SAID}],
        [{"user": ASKED, "assistant": SAID}],
        [{"human": ASKED, "bot": SAID}],
        [["user", ASKED], ["assistant", SAID]],
        [{"type": "human", "content": ASKED}, {"type": "ai", "content": SAID}],
        [{"type": "human", "data": {"content": ASKED}}, {"type": "ai", "data": {"content": SAID}}],
        json.dumps(TURNS),
    ],
)
def test_turns_may_be_written_in_other_ways(turns):
    check({"conversation": turns})


@pytest.mark.parametrize("name", ["messages", "conversations"])
def test_messages_as_text_or_in_pairs(name):
    check({name: json.dumps(TURNS)})
    check({name: [{"user": ASKED, "assistant": SAID}]})


def test_a_system_prompt_beside_is_the_first_turn():
    draft = only(dialogues.read({"chat": TURNS, "system": "Be brief."}))
    assert draft.messages == [{"role": "system", "content": "Be brief."}, *TURNS]
    assert draft.record == {}


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"conversation": []}, "conversation"),
        ({"conversation": "Hello."}, "conversation"),
        ({"conversation": [{"a": 1}]}, "conversation"),
        ({"turns": ["a", "b"]}, "turns"),
        ({"conversation": TURNS, "chat": TURNS}, "conversation"),
        ({"x": 1}, "conversation"),
    ],
)
def test_what_is_no_conversation_is_neither_recognised_nor_read(record, field):
    assert not dialogues.recognises(record)
    assert refusal(dialogues, record)[0] == field


def test_a_conversation_without_a_reply_is_refused():
    assert refusal(dialogues, {"chat": TURNS[:1]}) == ("chat", "No turn is an assistant's.")
