"""Written solutions, split by line and by sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.reasoning.solutions import holds, steps_by_line, steps_by_sentence, steps_of_solution
from traces.tests.strategies import quickly, text


def contents(steps) -> list:
    assert {kind for kind, _ in steps} <= {"reasoning"}
    return [content for _, content in steps]


def test_a_step_for_each_line_that_holds_something():
    assert contents(steps_by_line("a\n  b \n\n \nc\r\nd\n")) == ["a", "  b ", "c", "d"]


@pytest.mark.parametrize(
    "block",
    [
        "\\begin{align*}\nx &= 1 \\\\\ny &= 2\n\\end{align*}",
        "\\[\nx = 1 \\\\[2pt]\n\\]",
        "$$\nx = 1\n$$",
        "[asy]\ndraw(A--B);\n\ndraw(B--C);\n[/asy]",
        "\\begin{cases}\n\\begin{aligned}\nx\n\\end{aligned}\n\\end{cases}",
    ],
)
def test_blocks_stay_in_one_piece(block):
    assert contents(steps_by_line(f"So\n{block}\nholds.")) == ["So", block, "holds."]


@pytest.mark.parametrize("opened", ["\\begin{align}", "\\[", "$$", "[asy]"])
def test_a_block_that_does_not_end_holds_nothing_together(opened):
    assert contents(steps_by_line(f"a\n{opened}\nb")) == ["a", opened, "b"]


def test_prices_hold_no_lines_together():
    assert contents(steps_by_line("It costs $5.\nTwo cost $10.")) == [
        "It costs $5.",
        "Two cost $10.",
    ]


@pytest.mark.parametrize(
    ("said", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It is 3.5 cm, i.e. little. $x$ is.", ["It is 3.5 cm, i.e. little.", "$x$ is."]),
        ("Let $a = 1. B$ be it. So.", ["Let $a = 1. B$ be it.", "So."]),
        ("Thus $x = 5.$ Then $y = 6.$", ["Thus $x = 5.$", "Then $y = 6.$"]),
        ("Thus $$x = 5.$$ Then.", ["Thus $$x = 5.$$", "Then."]),
        ("$a$$b. C$ is. So.", ["$a$$b. C$ is.", "So."]),
        (r"\(a. B\) is. \(C\) too.", [r"\(a. B\) is.", r"\(C\) too."]),
        ("no end", ["no end"]),
    ],
)
def test_sentences_end_outside_formulas(said, sentences):
    assert contents(steps_by_sentence(said)) == sentences


def test_solutions_are_split_at_blank_lines_first():
    assert contents(steps_of_solution("a\nb\n\nc")) == ["a\nb", "c"]
    assert contents(steps_of_solution("a\nb")) == ["a", "b"]


def test_steps_hold_a_text_when_it_can_be_joined_again():
    for split, said in [
        (steps_by_line, "a\nb"),
        (steps_by_sentence, "A. B."),
        (steps_of_solution, "a\n\nb"),
    ]:
        assert holds(split(said), said)
    assert not holds(steps_by_line("a\n\n\nb"), "a\n\n\nb")
    assert not holds(steps_by_sentence("A.  B."), "A.  B.")


PARTS = ["\\begin{a}", "\\end{a}", "\\[", "\\]", "\\\\", "\\(", "[asy]", "[/asy]", "$", "$$", "\n"]
PARTS += [". ", ".", " ", "A", "\r\n"]


@quickly
@given(st.lists(st.sampled_from(PARTS) | text, max_size=30).map("".join))
def test_only_white_space_is_lost(said):
    for split in (steps_by_line, steps_by_sentence, steps_of_solution):
        steps = contents(split(said))
        assert all(step.strip() for step in steps)
        assert "".join("".join(steps).split()) == "".join(said.split())


@pytest.mark.parametrize("part", PARTS)
def test_a_quarter_megabyte_of_any_part_is_split(part):
    """Where the time grew with the square of the length, this would not end."""
    said = part * (2**18 // len(part))
    for split in (steps_by_line, steps_by_sentence, steps_of_solution):
        assert len(split(said)) <= len(said)
