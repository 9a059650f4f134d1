"""A thought and a system prompt in columns beside the turns of a conversation."""

import pytest

from traces.readers.draft import Unreadable
from traces.readers.formats import recognise
from traces.reasoning.steps import REASONING
from traces.tests.readers.reading import only

TURNS = [{"role": "user", "content": "Two?"}, {"role": "assistant", "content": "4"}]
SHARED = [{"from": "human", "value": "Two?"}, {"from": "gpt", "value": "4"}]
CONVERSATIONS = [{"messages": TURNS}, {"conversations": SHARED}, {"conversation": TURNS}]


def read(record):
    return only(recognise([record]).read(record))


@pytest.mark.parametrize("conversation", CONVERSATIONS)
@pytest.mark.parametrize("name", ["reasoning", "reasoning_content", "cot"])
@pytest.mark.parametrize("thought", ["I add.\n\nFour.", ["I add.", "Four."]])
def test_a_thought_beside_a_conversation_is_the_last_replys(conversation, name, thought):
    draft = read({**conversation, name: thought, "n": 1})
    assert draft.steps == [(REASONING, "I add."), (REASONING, "Four.")]
    assert (draft.prompt, draft.final_answer, draft.record) == ("Two?", "4", {"n": 1})


@pytest.mark.parametrize(
    "reply",
    [
        {"content": "<think>\nI add.\n</think>\n\n4"},
        {"content": "4", "reasoning_content": "I add."},
        {"content": "4", "thinking": " I add."},
    ],
)
def test_the_same_thought_in_two_places_is_one(reply):
    turns = [TURNS[0], {"role": "assistant", **reply}]
    draft = read({"messages": turns, "reasoning": "I add.", "thinking": "I  add."})
    assert (draft.steps[0][0], len(draft.steps), draft.final_answer) == (REASONING, 1, "4")


def test_several_thoughts_beside_a_conversation_are_in_doubt():
    record = {"messages": TURNS, "reasoning": "I add.", "thinking": "I count."}
    with pytest.raises(Unreadable, match="this or thinking"):
        read(record)


@pytest.mark.parametrize("conversation", CONVERSATIONS)
@pytest.mark.parametrize("setting", ["on", "Off", True, {"effort": "high"}])
def test_a_setting_beside_a_conversation_is_kept_and_no_thought(conversation, setting):
    draft = read({**conversation, "reasoning": setting})
    assert (draft.steps, draft.record) == ([], {"reasoning": setting})


@pytest.mark.parametrize("conversation", CONVERSATIONS)
@pytest.mark.parametrize("name", ["system", "system_prompt", "system_message"])
@pytest.mark.parametrize("system", ["Be brief.", [{"type": "text", "text": "Be brief."}]])
def test_a_system_prompt_beside_a_conversation_is_its_first_turn(conversation, name, system):
    draft = read({**conversation, name: system})
    assert [one["role"] for one in draft.messages] == ["system", "user", "assistant"]
    assert draft.messages[0]["content"] == system
    assert ("Be brief." in draft.prompt, draft.record) == (True, {})


def test_a_system_prompt_that_is_the_first_turn_already_stays_one():
    turns = [{"role": "system", "content": "Be brief."}, *TURNS]
    draft = read({"messages": turns, "system": "Be brief."})
    assert (draft.messages, draft.record) == (turns, {})


@pytest.mark.parametrize("system", ["", " ", None, [], 4, [{"type": "image"}]])
def test_what_is_no_system_prompt_is_kept(system):
    draft = read({"messages": TURNS, "system": system})
    assert (draft.messages, draft.record) == (TURNS, {"system": system})


def test_a_list_in_input_has_a_system_prompt_beside_it():
    record = {
        "input": TURNS[:1],
        "output": "<think>I add.</think>4",
        "system_prompt": "detailed thinking on",
        "reasoning": "on",
    }
    draft = read(record)
    assert (draft.steps, draft.final_answer) == ([(REASONING, "I add.")], "4")
    assert [one["role"] for one in draft.messages] == ["system", "user", "assistant"]
    assert draft.record == {"reasoning": "on"}
