"""The marks that name a final answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.reasoning.answers.answer import (
    A_LINE,
    ANSWER_LINE,
    ANSWER_TAG,
    BOXED,
    HASHES,
    MARKS,
    THE_ANSWER_IS,
    answer_of_reply,
    find_answer,
    reference_of,
)
from traces.reasoning.answers.trimming import is_no_answer, without_ends
from traces.tests.strategies import quickly, text

ALL = (*MARKS, A_LINE)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (r"so $\boxed{72}$.", "72"),
        (r"\boxed{1}. No, \boxed{2}", "2"),
        (r"The roots are $x=\boxed{2}$ and $x=\boxed{-3}$.", "2, -3"),
        ("\\[ \\boxed{2} \\]\nor\n\\[ \\boxed{3} \\]", "2, 3"),
        ("First \\boxed{2}\nThen \\boxed{3}", "3"),
        (r"It is \boxed{4}, so \boxed{4}.", "4"),
        (r"\boxed{\text{not found}}, then \boxed{4}", "4"),
        (r"$\boxed{\frac{1}{\sqrt{2}}}$", r"\frac{1}{\sqrt{2}}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{\left\{x : x > \frac{1}{2}\right\}}", r"\left\{x : x > \frac{1}{2}\right\}"),
        (r"\fbox{7}", "7"),
        (r"\boxed {7}", "7"),
        ("\\boxed{\n7\n}", "7"),
        (r"$\boxed 5$", "5"),
        (r"\boxed 5.", "5"),
        (r"$\boxed -\frac{1}{2}$", r"-\frac{1}{2}"),
        (r"a line ends\\\boxed{8}", "8"),
        (r"\\boxed{9}", "9"),  # escaped twice on its way
        (r"the set {1, 2 and \boxed{3}", "3"),
        (r"} and \boxed{4}", "4"),
        (r"\boxed{5}, which \boxed{is cut o", "5"),
        (r"\boxed{6} goes into \boxed{}", "6"),
        (r"\boxed{x = \boxed{3}}", "3"),
    ],
)
def test_the_last_box_gives_the_answer(said, answer):
    assert find_answer(said, BOXED) == (answer, "boxed")


@pytest.mark.parametrize(
    "said", ["", "7", r"\boxed{}", r"\boxed{7", r"\boxedness{7}", r"in the \boxed command", "box"]
)
def test_no_box_gives_none(said):
    assert find_answer(said, BOXED) == ("", "none")


@pytest.mark.parametrize(
    ("mark", "said", "answer"),
    [
        (HASHES, "a\n#### 1,458", "1,458"),
        (HASHES, "#### 1\n####2 \r\n", "2"),
        (HASHES, "#### 1\n####", "1"),
        (ANSWER_LINE, "a\nAnswer: 18 eggs", "18 eggs"),
        (ANSWER_LINE, "**Final Answer:** $5$", "5"),
        (ANSWER_LINE, "## The final answer: **(C)**", "(C)"),
        (ANSWER_LINE, "Answer: 1\nAnswer: 2", "2"),
        (THE_ANSWER_IS, "So the answer is 18.", "18"),
        (THE_ANSWER_IS, "The answer is 3.5 dollars. Good luck!", "3.5 dollars"),
        (THE_ANSWER_IS, "The answer is 5. Wait, the final answer is: 6", "6"),
        (THE_ANSWER_IS, "**The answer is 7**\nthe answer is", "7"),
        (ANSWER_TAG, "<answer>1</answer> or\n<answer>\n2\n</answer>", "2"),
        (HASHES, "#### 72 \nThat is all.", "72"),
        (ANSWER_LINE, "2+3=5.\nAnswer: 5.", "5"),
        (ANSWER_LINE, "**Answer**: 5", "5"),
        (ANSWER_LINE, "Final answer = 5", "5"),
        (ANSWER_LINE, "So, the answer: 5", "5"),
        (ANSWER_LINE, "So 9 + 9.\n\n# Answer\n\n18", "18"),
        (ANSWER_LINE, "Work 3+4.\n\n**Final Answer**\n\n7", "7"),
        (ANSWER_LINE, "## Final answer:\n18\nor so\n\nBye.", "18\nor so"),
        (
            ANSWER_LINE,
            "Final Answer: The final answer is $4$. I hope it is correct.",
            "4",
        ),
        (THE_ANSWER_IS, "Then. The answer is approx. 3 km. Done.", "approx. 3 km"),
        (THE_ANSWER_IS, "The answer is 3 p.m. today", "3 p.m. today"),
        (THE_ANSWER_IS, "The answer is 9 a.m. Bring tea.", "9 a.m"),
        (THE_ANSWER_IS, "The answer is B. Because it is.", "B"),
        (THE_ANSWER_IS, "The answer is x. Note it.", "x"),
        (THE_ANSWER_IS, "The answer is 60 km/h. Note it.", "60 km/h"),
        (THE_ANSWER_IS, "The answer is A vs. B. Note it.", "A vs. B"),
        (THE_ANSWER_IS, "The answer is J. K. Rowling. She wrote it.", "J. K. Rowling"),
        (THE_ANSWER_IS, "The answer is Dr. Smith. He is.", "Dr. Smith"),
        (THE_ANSWER_IS, "The answer is the U.S. The rest is not.", "the U.S"),
        (THE_ANSWER_IS, "The answer is No. 5. It smells.", "No. 5"),
        (THE_ANSWER_IS, "The answer is:\n```python\nprint(4)\n```", "print(4)"),
        (THE_ANSWER_IS, "The answer is as follows:\n\n4", "4"),
        (THE_ANSWER_IS, "The correct option is (B).", "(B)"),
        (ANSWER_LINE, "**Final Answer**\n\n```python\nprint(4)\n```", "print(4)"),
        (ANSWER_LINE, "- Answer: 7", "7"),
        (ANSWER_LINE, "My answer: 7", "7"),
        (THE_ANSWER_IS, "The answer is 5!", "5!"),
        (THE_ANSWER_IS, "The answer is Paris!", "Paris"),
        (THE_ANSWER_IS, "Hence the answer is\n\n$$4$$", "4"),
        (THE_ANSWER_IS, "The answer is $12.50.", "$12.50"),
        (THE_ANSWER_IS, r"The answer is \(x=5\).", "x=5"),
        (A_LINE, "9 + 9 = 18\nA: 18", "18"),
    ],
)
def test_each_mark_gives_the_last_answer_it_names(mark, said, answer):
    assert find_answer(said, mark) == (answer, mark)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (HASHES, "see #### 5"),
        (HASHES, "####"),
        (ANSWER_LINE, "an answer: 5"),
        (THE_ANSWER_IS, "what the answer is"),
        (ANSWER_TAG, "</answer><answer>5"),
        (ANSWER_TAG, "5</answer>"),
        (HASHES, "#### Conclusion\nIt is 4."),
        (ANSWER_LINE, "# Answers\n\n5"),
        (ANSWER_LINE, "Answer: n/a"),
        (BOXED, r"So \boxed{\text{not found}}."),
        (THE_ANSWER_IS, "The answer is NotFound."),
        (A_LINE, "QA: 5"),
    ],
)
def test_what_only_looks_like_a_mark_gives_none(mark, said):
    assert find_answer(said, mark) == ("", "none")


def test_the_first_mark_that_is_there_is_trusted():
    said = "Answer: 1\n#### 2"
    assert find_answer(said) == ("2", "hashes")
    assert find_answer(said, ANSWER_LINE, HASHES) == ("1", "answer_line")


def test_a_reply_without_a_mark_is_the_answer():
    assert answer_of_reply(r"It is \boxed{3}.") == ("3", "boxed")
    assert answer_of_reply("It is 3.") == ("It is 3.", "text")
    assert answer_of_reply(" ") == ("", "none")
    assert answer_of_reply(r"So \boxed{\text{proof}}.") == ("", "none")
    assert answer_of_reply("Answer: N/A") == ("", "none")


@pytest.mark.parametrize(
    "reply",
    [
        *("4", "4.", "**4**", "$4$", r"\(4\)", r"\[4\]", r"\boxed{4}", "So\n#### 4", "Answer: 4"),
        *(
            "The answer is 4.",
            "**The final answer is $4$.**",
            "<answer>4</answer>",
            "It is 4\n\n#### 4",
        ),
    ],
)
def test_right_replies_agree_however_they_say_it(reply):
    assert answer_of_reply(reply).text == "4"


@pytest.mark.parametrize("said", ["$4", "1,000", "-3.5", "50%", "1/2", "\u22125"])
def test_a_number_is_left_as_it_was_written(said):
    assert answer_of_reply(said) == (said, "text")


@pytest.mark.parametrize(
    "end",
    [
        *("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "</s>", "<|endoftext|>", "<|end_of_text|>"),
        *("<|EOT|>", "<|eot|>", "<|user|>", "<end_of_utterance>", "[|endofturn|]"),
        *(
            "<|return|>",
            "<|im_end|>\n<|im_start|>user",
            "<eos>",
            "<\uff5cend\u2581of\u2581sentence\uff5c>",
            "[EOS]",
            "\n<|im_end|>\n</s>",
        ),
    ],
)
def test_what_ends_a_reply_is_no_answer(end):
    assert without_ends(f" 4{end} ") == "4"


@pytest.mark.parametrize(
    "reply", ["a > b", "Price: <s>10</s>", "[0, 1]", "`<|im_end|>` ends it.", "<b>4</b>"]
)
def test_what_only_looks_like_an_end_stays(reply):
    assert without_ends(reply) == reply


@pytest.mark.parametrize(
    "said", ["proof", "NotFound", "not found", "N/A", "n/a.", "NaN", "[invalid]"]
)
def test_words_that_say_that_there_is_no_answer(said):
    assert is_no_answer(said)
    assert reference_of(said) is None


@pytest.mark.parametrize("said", ["0", "none", "no", "proof by induction", "unknown", "x"])
def test_words_that_are_answers(said):
    assert not is_no_answer(said)
    assert reference_of(said) == said


PARTS = [r"\boxed", r"\fbox", "{", "}", "\\", "#### ", "Answer:", "the answer is ", "# Answer\n"]
PARTS += ["<answer>", "</answer>", "A:", "\n", " ", "$", "*", "5", "."]


@quickly
@given(st.lists(st.sampled_from(PARTS) | text, max_size=30).map("".join), st.sampled_from(ALL))
def test_answers_are_parts_of_the_text_without_white_space_around(said, mark):
    found, by = find_answer(said, mark)
    assert all(part in said for part in (found.split(", ") if mark == BOXED else [found]))
    assert found == found.strip()
    assert by == (mark if found else "none")


@pytest.mark.parametrize("mark", ALL)
@pytest.mark.parametrize("part", [*PARTS, r"\boxed{", r"\boxed ", "the answer is\n", "<answer>\n"])
def test_a_quarter_megabyte_of_any_part_is_read(mark, part):
    """Where the time grew with the square of the length, this would not end."""
    said = part * (2**18 // len(part))
    assert len(find_answer(said, mark).text) <= len(said)


@pytest.mark.parametrize(
    "run", [" ", ".", "!", "*", "$", "a.", "\n", "`", "# ", "\\boxed{1} ", "<s>"]
)
@pytest.mark.parametrize(
    "mark", ["Answer: x", "The answer is x", "#### x", "<answer>x", "**", "```"]
)
def test_a_mark_before_a_long_run_is_read(mark, run):
    """Where the time grew with the square of the length, this would take minutes."""
    for end in ("", "y", " x b."):
        said = mark + run * (2**17 // len(run)) + end
        assert len(answer_of_reply(without_ends(said)).text) <= len(said)
