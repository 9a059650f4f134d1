"""Drafts fitted to the limits of the trace document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces import document
from traces.document import MAX_STEP_CHARS, MAX_STEPS
from traces.readers.draft import Draft, Unreadable
from traces.readers.fitting import Fitted, fit, split_text
from traces.reasoning.steps import OUTPUT
from traces.tests.strategies import quickly


def draft(*contents, **more) -> Draft:
    steps = [("reasoning", content) for content in contents]
    return Draft(**{"prompt": "p", "final_answer": "a", "steps": steps, **more})


def fitted(made, **more) -> Fitted:
    options = {"format_name": "f", "source": None, "external_id": "1", "may_curate": True}
    return fit(made, **{**options, **more})


def contents(made) -> list:
    return [step["content"] for step in made.document.steps]


def test_what_fits_is_left_as_it_is():
    made = fitted(draft("one", "two", tags=["t"], messages=[{"role": "user", "content": "p"}]))
    assert made.document == document.TraceDocument(
        trace_version="1.0",
        prompt="p",
        final_answer="a",
        steps=[
            {"i": 0, "type": "reasoning", "content": "one"},
            {"i": 1, "type": "reasoning", "content": "two"},
        ],
        meta={"source": "f", "format": "f"},
        external_id="1",
        tags=["t"],
        messages=[{"role": "user", "content": "p"}],
    )
    assert (made.status, made.scores, made.step_labels) == (None, [], {})


def test_meta_says_where_it_came_from():
    made = draft("one", source="theirs", notes={"truncated": True}, record={"level": 5})
    assert fitted(made).document.meta == {
        "source": "theirs",
        "format": "f",
        "truncated": True,
        "record": {"level": 5},
    }
    assert fitted(made, source="mine").document.meta["source"] == "mine"
    assert made.record == {"level": 5}


def test_a_document_keeps_its_meta_and_the_numbers_of_its_steps():
    made = draft("one", "two", meta={"format": "own"}, indexes=[7, 3], notes={"n": 1})
    result = fitted(made, format_name="trace").document
    assert result.meta == {"format": "own"}
    assert [step["i"] for step in result.steps] == [7, 3]
    assert fitted(made, source="mine").document.meta == {"format": "own", "source": "mine"}
    assert made.meta == {"format": "own"}


def test_meta_that_was_restored_wins_over_what_the_reader_notes():
    made = draft("one", meta={"source": "own", "record": 5}, record={"extra": 1})
    assert fitted(made).document.meta == {
        "source": "own",
        "format": "f",
        "record": {"extra": 1, "record": 5},
    }


def test_a_record_without_reasoning_is_one_step_of_output():
    for made in (draft(final_answer="42"), draft("", "", final_answer="42")):
        [step] = fitted(made).document.steps
        assert step == {"i": 0, "type": OUTPUT, "content": "42"}


@pytest.mark.parametrize("made", [draft(final_answer=""), draft("", "", final_answer="")])
def test_a_record_without_reasoning_or_answer_is_refused(made):
    with pytest.raises(Unreadable, match="steps: The record holds neither reasoning nor"):
        fitted(made)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 45_000, [20_000, 20_000, 5_000]),
        ("x" * 9_000 + "\n\n" + "y" * 9_000 + "\n" + "z" * 9_000, [9_002, 18_001]),
        ("x" * 9_000 + "\r\n\r\n" + "y" * 9_000 + "\n" + "z" * 9_000, [9_004, 18_001]),
        ("x" * 9_000 + "\n" + "y" * 15_000, [9_001, 15_000]),
        ("\n\n" + "x" * 20_000, [2, 20_000]),
        ("x" * 20_000, [20_000]),
    ],
)
def test_long_steps_are_split_at_blank_lines_then_lines_then_anywhere(text, parts):
    made = fitted(draft("before", text, "after"))
    assert contents(made)[0] == "before"
    assert contents(made)[-1] == "after"
    between = contents(made)[1:-1]
    assert "".join(between) == text
    assert [len(part) for part in between] == parts
    noted = {"split_steps": {"1": len(parts)}} if len(parts) > 1 else {}
    assert made.document.meta == {"source": "f", "format": "f", **noted}


@quickly
@given(st.lists(st.sampled_from(["\n", "\n\n", "x" * 7_000, "y" * 19_999, "z"]), max_size=12))
def test_the_parts_of_a_step_are_its_text(pieces):
    text = "".join(pieces)
    parts = split_text(text)
    assert "".join(parts) == text
    assert all(0 < len(part) <= MAX_STEP_CHARS for part in parts) or text == ""


def test_too_many_steps_are_merged_from_the_end():
    made = fitted(draft(*(str(number) for number in range(1_005))))
    assert len(made.document.steps) == MAX_STEPS
    assert contents(made)[:999] == [str(number) for number in range(999)]
    assert contents(made)[999] == "\n\n".join(str(number) for number in range(999, 1_005))
    assert made.document.meta["merged_steps"] == {"steps": 6, "into": 1}


def test_merged_steps_stay_within_their_limit():
    texts = [f"{number:04} ".ljust(7_000, "x") for number in range(1_100)]
    made = fitted(draft(*texts))
    assert len(made.document.steps) == MAX_STEPS
    assert "\n\n".join(contents(made)) == "\n\n".join(texts)
    assert max(map(len, contents(made))) == 14_002
    assert made.document.meta["merged_steps"] == {"steps": 200, "into": 100}


def test_merged_steps_of_several_types_name_them():
    steps = [("plan" if number % 2 else "check", "x") for number in range(1_001)]
    made = fitted(draft(steps=steps))
    assert made.document.steps[-1] == {"i": 999, "type": "plan", "content": "x\n\nx"}
    assert made.document.meta["merged_steps"]["types"] == ["plan", "check"]


def test_more_text_than_the_steps_can_hold_is_refused():
    with pytest.raises(Unreadable, match="steps: Too much text for 1,000 steps"):
        fitted(draft(*["x" * 19_000] * 1_001))


def test_labels_follow_their_steps():
    made = draft("x" * 20_001, "", "two", step_labels={"0": 1, "1": 0, "2": -1})
    result = fitted(made)
    assert result.step_labels == {"1": 1, "2": -1}
    assert result.document.meta["step_labels"] == {"1": 1, "2": -1}
    assert result.document.meta["source_step_labels"] == {"0": 1, "1": 0, "2": -1}
    assert result.document.meta["empty_steps"] == {"positions": [1]}


def test_labels_of_merged_steps_stay_in_meta():
    labels = {"0": 1, "998": 1, "999": -1, "1001": 0}
    result = fitted(draft(*["x"] * 1_002, step_labels=labels))
    assert result.step_labels == {"0": 1, "998": 1}
    assert result.document.meta["source_step_labels"] == labels


SCORE = {"criteria": "c", "scorer_version": "1", "value": 0.5, "details": {}}


def test_verdicts_are_given_to_those_who_may_curate():
    result = fitted(draft("one", status="approved", scores=[SCORE], step_labels={"0": 1}))
    assert (result.status, result.scores, result.step_labels) == ("approved", [SCORE], {"0": 1})
    assert result.document.meta == {"source": "f", "format": "f", "step_labels": {"0": 1}}


def test_verdicts_stay_in_meta_for_those_who_may_not():
    made = draft("one", status="approved", scores=[SCORE], step_labels={"0": 1})
    result = fitted(made, may_curate=False)
    assert (result.status, result.scores, result.step_labels) == (None, [], {})
    assert result.document.meta["imported"] == {
        "status": "approved",
        "scores": [SCORE],
        "step_labels": {"0": 1},
    }
    scored = draft("one", scores=[SCORE], meta={"imported": "earlier"}, indexes=[0])
    assert fitted(scored, may_curate=False).document.meta == {
        "imported": {"scores": [SCORE], "imported": "earlier"}
    }
    assert "imported" not in fitted(draft("one"), may_curate=False).document.meta


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (draft("x", prompt="p" * 50_001), "prompt: Takes 50,001 characters; the limit is 50,000."),
        (draft("x", prompt=""), "prompt: This field may not be blank."),
        (draft("x", final_answer="a" * 50_001), "final_answer: Takes 50,001 characters"),
        (draft("x", trace_version="v" * 65), "trace_version: Takes 65"),
        (draft(steps=[("t", "x"), ("t" * 65, "x")]), r"steps\[1\].type: Takes 65"),
        (draft(steps=[("", "x")]), r"steps\[0\].type: This field may not be blank."),
        (draft("x", tags=["t"] * 51), "tags: More than 50"),
        (draft("x", "y" * 20_001, indexes=[0, 1]), r"steps\[1\].content: Takes 20,001"),
        (draft("x", "", indexes=[0, 1]), r"steps\[1\].content: This field may not be blank."),
        (draft(indexes=[]), "steps: Not 1 to 1,000 steps."),
        (draft(*["x"] * 1_001, indexes=list(range(1_001))), "steps: Not 1 to 1,000 steps."),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_its_field(made, refused):
    with pytest.raises(Unreadable, match=refused):
        fitted(made)


@pytest.mark.parametrize("external_id", ["", "x" * 201])
def test_ids_have_limits(external_id):
    with pytest.raises(Unreadable, match="external_id"):
        fitted(draft("x"), external_id=external_id)


def test_the_largest_of_everything_fits():
    made = draft(*["x" * 20_000] * 1_000, prompt="p" * 50_000, final_answer="a" * 50_000)
    result = fitted(made, external_id="i" * 200)
    assert len(result.document.steps) == 1_000
    assert result.document.meta == {"source": "f", "format": "f"}
