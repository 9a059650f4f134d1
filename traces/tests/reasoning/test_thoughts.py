"""Thoughts told from answers, in every form in which they are marked."""

import json
import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from traces.reasoning.steps import steps_of_thought
from traces.reasoning.thoughts import opens_thought, split_thought
from traces.tests.strategies import quickly

BOTH = "<|begin_of_thought|>", "<|end_of_thought|>", "<|begin_of_solution|>", "<|end_of_solution|>"


@pytest.mark.parametrize("name", ["think", "thinking", "reason", "reasoning", "thought", "Think"])
def test_a_thought_stands_between_tags(name):
    split = split_thought(f"<{name}>\n a \n\n b\n</{name.upper()}>\n\n18 apples \n")
    assert split == ("a \n\n b", "18 apples \n", False, True, ())


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("18", None, "18"),
        (" 1 < 2\n", None, " 1 < 2\n"),
        ("a <thinks> b", None, "a <thinks> b"),
        ("", None, ""),
        ("<think></think>18", None, "18"),
        ("<think>\n\n</think>\n\n18", None, "18"),
        ("a</think>18", "a", "18"),
        ("a\n\nb\n</think>\n\n18", "a\n\nb", "18"),
        ("</think>18", None, "18"),
        ("<think>a</think>18", "a", "18"),
        ("<think>a</think>", "a", ""),
        ("<think>a</think>1<think>b</think>2", "a", "1<think>b</think>2"),
        ("<think>a</think>\n\n<think>b</think>2", "a\n\nb", "2"),
        ("<think>a</think></think>\n18", "a", "18"),
        ("<think>a <think> b</think>18", "a <think> b", "18"),
        ("<think>a <think>b</think> c</think>18", "a <think>b</think> c", "18"),
        ("<think>a</reason>b</think>18", "a</reason>b", "18"),
        ("<thinking>a</think>18", "a", "18"),
        ("<reasoning>a</reasoning><answer>18</answer>", "a", "<answer>18</answer>"),
        ("{}a{}\n\n{}18{}".format(*BOTH), "a", "18"),
        ("{}\n\na\n\n{}\n\n{}\n\n18\n\n{}".format(*BOTH).upper(), "A", "18"),
        ("{}a{}\n\n{}18".format(*BOTH), "a", "18"),
        ("{}a{}18".format(*BOTH), "a", "18"),
        ("{0}a{2}18{3}".format(*BOTH), "a", "18"),
        ("{0}a{2}18".format(*BOTH), "a", "18"),
        ("a{1}{2}18{3}".format(*BOTH), "a", "18"),
        ("a{2}18{3}b".format(*BOTH), "a", "18\n\nb"),
        ("{}a{}so: {}18{}".format(*BOTH), "a", "so:\n\n18"),
        ("<think>a{2}b</think>18".format(*BOTH), "a<|begin_of_solution|>b", "18"),
    ],
)
def test_what_is_thought_and_what_is_answer(text, thought, answer):
    split = split_thought(text)
    assert (split.thought, split.answer, split.truncated) == (thought, answer, False)
    assert split.marked == (text != answer)


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("<think>a\n\nb", "a\n\nb", ""),
        ("<|begin_of_thought|>a", "a", ""),
        ("<think>", None, ""),
    ],
)
def test_a_thought_that_is_never_closed_was_cut_off(text, thought, answer):
    assert split_thought(text) == (thought, answer, True, True, ())


@pytest.mark.parametrize(
    "reply",
    [
        "[THINK]I add.[/THINK]4",
        "[think] I add. [/think]\n4",
        "\u25c1think\u25b7I add.\u25c1/think\u25b74",
        "<seed:think>I add.</seed:think>4",
        "<mm:think>I add.</mm:think>\n\n4",
        "<scratchpad>I add.</scratchpad>4",
        "<thoughts>I add.</thoughts>4",
        "<cot>I add.</cot>4",
        '<think mode="long">I add.</think>4',
        "<|think|>I add.<|/think|>4",
        "<|channel>thought\nI add.<channel|>4",
        "<longcat_think>I add.</longcat_think>4",
        "<|start_header_id|>assistant<|end_header_id|>\n\n<think>I add.</think>4",
        "<|assistant|>\n<think>I add.</think>4",
        "<|START_THINKING|>I add.<|END_THINKING|><|START_RESPONSE|>4<|END_RESPONSE|>",
        "<|thinking_start|>I add.<|thinking_end|>4",
        "<|im_start|>think\nI add.\n<|im_start|>answer\n4",
        "<s> <think>I add.</think>4",
        "<|im_start|>assistant\n<think>I add.</think>4",
    ],
)
def test_marks_have_many_forms(reply):
    assert split_thought(reply) == ("I add.", "4", False, True, ())


@pytest.mark.parametrize(
    ("reply", "thought", "answer", "truncated"),
    [
        ("{a}I add.{end}{s}{f}4<|return|>", "I add.", "4", False),
        ("<|start|>assistant{a}I add.{end}{s}{f}4", "I add.", "4", False),
        ("{a}I add.{s}{f}4", "I add.", "4", False),
        ("{f}4<|return|>", None, "4", False),
        ("{a}I add.", "I add.", "", True),
        ("analysisI add.assistantfinal4", "I add.", "4", False),
    ],
)
def test_channels_are_told_apart(reply, thought, answer, truncated):
    names = {
        "a": "<|channel|>analysis<|message|>",
        "f": "<|channel|>final<|message|>",
        "end": "<|end|>",
        "s": "<|start|>assistant",
    }
    assert split_thought(reply.format(**names))[:4] == (thought, answer, truncated, True)


def test_what_goes_to_a_recipient_is_a_call():
    split = split_thought(
        "<|channel|>analysis<|message|>I add.<|end|><|start|>assistant<|channel|>commentary "
        'to=functions.add <|constrain|>json<|message|>{"a":2}<|call|>'
    )
    assert (split.thought, split.answer, split.truncated) == ("I add.", "", False)
    assert [json.loads(call) for call in split.calls] == [{"name": "add", "arguments": '{"a":2}'}]


@pytest.mark.parametrize(
    "reply",
    [
        "Use the <think> tag for reasoning, then answer.",
        "Use <think> to open and </think> to close.",
        "Models end with `</think>` and then answer. So 4.",
        "It ends with '</think>'. So 4.",
        'Say "it ends with </think> here", then 4.',
        "It is \u201cthe </think> mark\u201d. So 4.",
        "To end a thought, models write </think>.",
        "They write </think>, then the answer. So 4.",
        "> </think>\n\n4",
        "Here:\n\n    </think>\n\nSo 4.",
        "Example:\n\n    <think>a</think>\n\nDone.",
        "```xml\n<a>b</reason>\n```\nDone.",
        "~~~\n</think>\n~~~\nDone.",
        "Return:\n```xml\n<error><reason>late</reason></error>\n```\nDone.",
        "<error><reason>late</reason></error>",
        "Well. <think>a</think> 18",
        "<thinker>a</thinker> 18",
        "analysis of this: 18",
        "Write <|channel|>final<|message|> first.",
    ],
)
def test_a_mark_where_no_thought_can_be_is_text(reply):
    assert split_thought(reply) == (None, reply, False, False, ())


@pytest.mark.parametrize(
    ("reply", "thought"),
    [
        ("<think>The mark `</think>` ends it.</think>4", "The mark `</think>` ends it."),
        ("<think>```py\nx = 2\n</think>\n4", "```py\nx = 2"),  # a fence that is left open
        ("<think>```py\nx = 2\n</think>\n4\n```", "```py\nx = 2"),
        ("I should open <think> now.\n</think>\n\n4", "I should open <think> now."),
    ],
)
def test_what_a_thought_quotes_does_not_end_it(reply, thought):
    split = split_thought(reply)
    assert (split.thought, split.truncated) == (thought, False)
    assert split.answer.startswith("4")


def test_a_prompt_may_open_the_thought():
    assert opens_thought("Two?\n<think>\n") == ("Two?", True)
    assert opens_thought("Two?\n[THINK]") == ("Two?", True)
    channel = "<|start|>assistant<|channel|>analysis<|message|>"
    assert opens_thought(f"Two?{channel}") == ("Two?", True)
    rest = "I add.<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>"
    assert split_thought(rest, opened=True) == ("I add.", "4", False, True, ())
    for prompt in (
        "Two?",
        "Use `<think>`",
        "Explain the tag <think>",
        "<think>Two?",
        "Two? </think>",
    ):
        assert opens_thought(prompt) == (prompt, False)
    assert split_thought("I add", opened=True) == ("I add", "", True, True, ())
    assert split_thought("I add</think>4", opened=True) == ("I add", "4", False, True, ())
    assert split_thought("<think>I add</think>4", opened=True) == ("I add", "4", False, True, ())


TAG = re.compile(
    "|".join(["</?(think|thinking|reason|reasoning|thought)>", *map(re.escape, BOTH)]), re.I | re.A
)
tags = st.sampled_from(
    ["<think>", "</think>", "<reason>", "</REASON>", *BOTH, "<", "think>", "|>", "\n\n", " ", "a"]
)


def without_tags(text) -> Counter:
    return Counter("".join(TAG.sub("", text).split()))


@quickly
@given(st.lists(tags | st.text(max_size=3), max_size=20).map("".join))
@example("<th<think>ink>a")
@example("<thin\u212a>a")  # a sign whose lower case is k
def test_nothing_but_tags_and_space_beside_them_is_lost(text):
    split = split_thought(text)
    assert without_tags(text) == without_tags(split.thought or "") + without_tags(split.answer)
    if not split.marked:
        assert split == (None, text, False, False, ())


@pytest.mark.parametrize(
    "text",
    [
        *("<think>", "</think>", "<think></reason>", "<think><think></think>", "<", "<|begin_of_"),
        *("<|begin_of_solution|>", "`</think>", '"</think>', "```\n</think>\n"),
    ],
)
def test_megabytes_of_tags_are_split(text):
    text *= 2_000_000 // len(text)
    split = split_thought(text)
    assert without_tags(split.thought or "") + without_tags(split.answer) == without_tags(text)


@pytest.mark.parametrize(
    ("thought", "steps"),
    [
        ("a", ["a"]),
        ("a\nb", ["a\nb"]),
        (" a \n\n\tb\n c ", [" a ", "\tb\n c "]),
        ("a\n \n\n \t\nb", ["a", "b"]),
        ("a\r\n\r\nb\r\nc", ["a", "b\r\nc"]),
        ("\n\na\n\n", ["a"]),
        ("", []),
        (" \n\n \n", []),
    ],
)
def test_steps_stand_between_blank_lines(thought, steps):
    assert steps_of_thought(thought) == [("reasoning", step) for step in steps]


@quickly
@given(st.text(alphabet="ab \t\r\n\u2028\x85"))
def test_steps_hold_all_but_blank_lines(text):
    steps = [content for _, content in steps_of_thought(text)]
    here = 0
    for step in steps:
        found = text.index(step, here)
        assert not text[here:found].strip()
        here = found + len(step)
    assert not text[here:].strip()


@pytest.mark.parametrize("text", ["\n", "\n ", "\r", "\n\r", " "])
def test_megabytes_of_white_space_are_split(text):
    assert len(steps_of_thought("a" + text * 1_000_000)) == 1
