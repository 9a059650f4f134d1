"""The marks that name a final answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.readers import answers
from traces.readers.answers import answer_of_reply, find_answer
from traces.tests.strategies import quickly, text

ALL = (
    answers.BOXED,
    answers.HASHES,
    answers.ANSWER_LINE,
    answers.THE_ANSWER_IS,
    answers.ANSWER_TAG,
    answers.ANSWER_HEADING,
    answers.A_LINE,
)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (r"so $\boxed{72}$.", "72"),
        (r"\boxed{1}, no, \boxed{2}", "2"),
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
    assert find_answer(said, answers.BOXED) == (answer, "boxed")


@pytest.mark.parametrize(
    "said", ["", "7", r"\boxed{}", r"\boxed{7", r"\boxedness{7}", r"in the \boxed command", "box"]
)
def test_no_box_gives_none(said):
    assert find_answer(said, answers.BOXED) == ("", "none")


@pytest.mark.parametrize(
    ("mark", "said", "answer"),
    [
        (answers.HASHES, "a\n#### 1,458", "1,458"),
        (answers.HASHES, "#### 1\n####2 \r\n", "2"),
        (answers.HASHES, "#### 1\n####", "1"),
        (answers.ANSWER_LINE, "a\nAnswer: 18 eggs", "18 eggs"),
        (answers.ANSWER_LINE, "**Final Answer:** $5$", "$5$"),
        (answers.ANSWER_LINE, "## The final answer: **(C)**", "(C)"),
        (answers.ANSWER_LINE, "Answer: 1\nAnswer: 2", "2"),
        (answers.THE_ANSWER_IS, "So the answer is 18.", "18"),
        (answers.THE_ANSWER_IS, "The answer is 3.5 dollars. Good luck!", "3.5 dollars"),
        (answers.THE_ANSWER_IS, "The answer is 5. Wait, the final answer is: 6", "6"),
        (answers.THE_ANSWER_IS, "**The answer is 7**\nthe answer is", "7"),
        (answers.ANSWER_TAG, "<answer>1</answer> or\n<answer>\n2\n</answer>", "2"),
        (answers.ANSWER_HEADING, "So 9 + 9.\n\n# Answer\n\n18", "18"),
        (answers.ANSWER_HEADING, "## Final answer:\n18\nor so", "18\nor so"),
        (answers.A_LINE, "9 + 9 = 18\nA: 18", "18"),
    ],
)
def test_each_mark_gives_the_last_answer_it_names(mark, said, answer):
    assert find_answer(said, mark) == (answer, mark)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (answers.HASHES, "see #### 5"),
        (answers.HASHES, "####"),
        (answers.ANSWER_LINE, "an answer: 5"),
        (answers.THE_ANSWER_IS, "what the answer is"),
        (answers.ANSWER_TAG, "</answer><answer>5"),
        (answers.ANSWER_TAG, "5</answer>"),
        (answers.ANSWER_HEADING, "# Answers\n\n5"),
        (answers.A_LINE, "QA: 5"),
    ],
)
def test_what_only_looks_like_a_mark_gives_none(mark, said):
    assert find_answer(said, mark) == ("", "none")


def test_the_first_mark_that_is_there_is_trusted():
    said = "Answer: 1\n#### 2"
    assert find_answer(said, answers.BOXED, answers.HASHES, answers.ANSWER_LINE) == ("2", "hashes")
    assert find_answer(said, answers.ANSWER_LINE, answers.HASHES) == ("1", "answer_line")


def test_a_reply_without_a_box_is_the_answer():
    assert answer_of_reply(r"It is \boxed{3}.") == ("3", "boxed")
    assert answer_of_reply("It is 3. ") == ("It is 3. ", "text")
    assert answer_of_reply(" ") == ("", "none")


PARTS = [r"\boxed", r"\fbox", "{", "}", "\\", "#### ", "Answer:", "the answer is ", "# Answer\n"]
PARTS += ["<answer>", "</answer>", "A:", "\n", " ", "$", "*", "5", "."]


@quickly
@given(st.lists(st.sampled_from(PARTS) | text, max_size=30).map("".join), st.sampled_from(ALL))
def test_answers_are_parts_of_the_text_without_white_space_around(said, mark):
    found, by = find_answer(said, mark)
    assert found in said
    assert found == found.strip()
    assert by == (mark if found else "none")


@pytest.mark.parametrize("mark", ALL)
@pytest.mark.parametrize("part", [*PARTS, r"\boxed{", r"\boxed ", "the answer is\n", "<answer>\n"])
def test_a_quarter_megabyte_of_any_part_is_read(mark, part):
    """Where the time grew with the square of the length, this would not end."""
    said = part * (2**18 // len(part))
    assert len(find_answer(said, mark).text) <= len(said)
