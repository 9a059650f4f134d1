"""Thoughts and replies as one text, in which neither can end early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.reasoning.thoughts import split_thought
from traces.reasoning.writing import ZERO_WIDTH_SPACE, Thought, neutral, said, written
from traces.tests.strategies import quickly

CONTROL = [
    *["<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "</s>", "<|im_start|>", "<|eot_id|>"],
    *["<|endoftext|>", "<\uff5cUser\uff5c>", "<|start_header_id|>", "<|return|>"],
]
KEPT = ["<b>", "<s>", "<<2+2=4>>", "a < b > c", "<|>", "<||>", "<| a |>", "|x|", "< end_of_turn>"]


@pytest.mark.parametrize("mark", CONTROL)
def test_a_mark_is_broken_behind_its_first_character(mark):
    assert neutral(f"a{mark}b{mark}") == f"a{broken(mark)}b{broken(mark)}"
    assert neutral(f"<{mark}>") == f"<{broken(mark)}>"


def broken(mark) -> str:
    return f"<{ZERO_WIDTH_SPACE}{mark[1:]}"


@pytest.mark.parametrize("text", KEPT)
def test_other_text_is_kept(text):
    for way in Thought:
        assert said(text, way) == text


@pytest.mark.parametrize(
    ("way", "marks"),
    [
        (Thought.THINK, ["<think>", "</think>"]),
        (Thought.REASONING_CONTENT, ["<think>", "</think>"]),
        (Thought.TAGS, ["<reasoning>", "</reasoning>", "<answer>", "</answer>"]),
        (Thought.PLAIN, []),
        (Thought.NONE, []),
    ],
)
def test_the_marks_of_a_thought_are_broken_where_they_are_written(way, marks):
    for mark in ("<think>", "</think>", "<reasoning>", "</reasoning>", "<answer>", "</answer>"):
        assert said(mark, way) == (broken(mark) if mark in marks else mark)


PIECES = st.lists(
    st.sampled_from([*CONTROL, "<think>", "</think>", "</answer>", "<reasoning>", "<", "|", "a\n"]),
    max_size=20,
).map("".join)


@quickly
@given(PIECES, PIECES, st.sampled_from(Thought))
def test_no_text_brings_a_mark(thought, content, way):
    text = written(thought, content, way)
    assert not [mark for mark in CONTROL if mark in text]
    if way in ("think", "reasoning_content"):
        thinks = int(way == "think" and bool(thought))
        assert text.count("<think>") == text.count("</think>") == thinks
    if way == "tags":
        assert text.count("<answer>") == text.count("</answer>") == 1
        assert text.endswith("</answer>")


def test_a_thought_that_is_written_is_read_again():
    text = written("2 and 2\n\nare </think> 4", "4.", Thought.THINK)
    split = split_thought(text)
    assert (split.thought, split.answer) == (f"2 and 2\n\nare {broken('</think>')} 4", "4.")


CALLS = [
    *["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<tools>", "</tools>"],
    *["<|tool_call>", "<tool_call|>", "</tool_calls>", "<tool|>"],
]


@pytest.mark.parametrize("mark", [*CALLS, *CONTROL])
def test_the_marks_of_calls_are_broken_where_calls_are_written(mark):
    for way in Thought:
        assert said(f"a{mark}", way, tools=True) == f"a{broken(mark)}"
        assert mark in CONTROL or said(mark, way) == mark
    assert neutral(f"{mark}{mark}", tools=True) == broken(mark) * 2


@pytest.mark.parametrize("text", [*KEPT, "<toolbox>", "<tool_name>", "<tooling|>"])
def test_other_text_is_kept_where_calls_are_written(text):
    for way in Thought:
        assert said(text, way, tools=True) == text


@pytest.mark.parametrize(
    ("way", "text", "alone"),
    [
        (Thought.THINK, "<think>\na\n</think>\n\nb", "<think>\na\n</think>\n\n"),
        (Thought.TAGS, "<reasoning>a</reasoning>\nb", "<reasoning>a</reasoning>"),
        (Thought.PLAIN, "a\n\nb", "a"),
        (Thought.NONE, "b", ""),
        (Thought.REASONING_CONTENT, "b", ""),
    ],
)
def test_what_calls_follow_is_no_answer(way, text, alone):
    assert written("a", "b", way, calls=True) == text
    assert written("a", "", way, calls=True) == alone
    assert written("", "", way, calls=True) == ""
