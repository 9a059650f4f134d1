"""Thoughts told from answers, in every form in which they are marked."""

import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from traces.readers.steps import steps_of_thought
from traces.readers.thoughts import split_thought
from traces.tests.strategies import quickly

BOTH = "<|begin_of_thought|>", "<|end_of_thought|>", "<|begin_of_solution|>", "<|end_of_solution|>"


@pytest.mark.parametrize("name", ["think", "thinking", "reason", "reasoning", "thought", "Think"])
def test_a_thought_stands_between_tags(name):
    split = split_thought(f"<{name}>\n a \n\n b\n</{name.upper()}>\n\n18 apples \n")
    assert split == ("a \n\n b", "18 apples \n", False, True)


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
        ("Well. <think>a</think> 18", "a", "Well.\n\n18"),
        ("<think>a</think>18", "a", "18"),
        ("<think>a</think>", "a", ""),
        ("<think>a</think>1<think>b</think>2", "a\n\nb", "1\n\n2"),
        ("<think>a <think> b</think>18", "a <think> b", "18"),
        ("<think>a <think>b</think> c</think>18", "a <think>b\n\nc", "18"),
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
    assert split.cut == (text != answer)


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("<think>a\n\nb", "a\n\nb", ""),
        ("<|begin_of_thought|>a", "a", ""),
        ("<think>a</think>1<reason>b", "a\n\nb", "1"),
        ("<think>", None, ""),
    ],
)
def test_a_thought_that_is_never_closed_was_cut_off(text, thought, answer):
    assert split_thought(text) == (thought, answer, True, True)


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
    if not split.cut:
        assert split == (None, text, False, False)


@pytest.mark.parametrize(
    "text", ["<think>", "</think>", "<think></reason>", "<", "<|begin_of_", "<|begin_of_solution|>"]
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
