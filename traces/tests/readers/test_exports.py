"""Lines of our own `trace`, `tunix_sft` and `training_example` exports, read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.readers import export
from traces.reasoning.numbered import read_numbered
from traces.tests.readers.reading import only, refusal, without
from traces.tests.strategies import quickly

METADATA = {"created_at": "2026-01-31T12:00:00.000000Z", "trace_version": "2"}
TRACE = {
    "id": "1",
    "prompts": "p",
    "trace_steps": ["one", "2. two\n"],
    "final_answer": "a",
    "metadata": {**METADATA, "source": "s", "format": "their own"},
}


def response(*steps, answer="a") -> str:
    numbered = [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
    return "\n".join(["Reasoning:", *numbered, f"Answer: {answer}"])


def sft(*steps, answer="a", prompt="p", **more) -> dict:
    text = response(*steps, answer=answer.replace("<end", "<\u200bend"))
    return {
        "id": "1",
        "prompts": f"<start_of_turn>user\n{prompt}<end_of_turn>\n"
        f"<start_of_turn>model\n{text}<end_of_turn>",
        "final_answer": answer,
        "metadata": {**METADATA, "source": "s", "format": "tunix_sft"},
        **more,
    }


def training_example(*steps, answer="a") -> dict:
    return {
        "id": "1",
        "prompt": "p\n\nPlease show your reasoning steps.",
        "response": response(*steps, answer=answer),
        "metadata": {"source_trace_id": "0", **METADATA, "source": "s"},
    }


def contents(draft) -> list:
    assert {kind for kind, _ in draft.steps} == {"reasoning"}
    return [content for _, content in draft.steps]


@pytest.mark.parametrize(
    ("line", "meta"),
    [
        (TRACE, {"source": "s", "format": "their own"}),
        (sft("one", "2. two\n"), {"source": "s"}),
        (training_example("one", "2. two\n"), {"source": "s"}),
    ],
)
def test_each_is_restored(line, meta):
    draft = only(export.read({**line, "more": 1}))
    assert (draft.prompt, draft.final_answer) == ("p", "a")
    assert contents(draft) == ["one", "2. two\n"]
    assert (draft.external_id, draft.trace_version) == ("1", "2")
    assert (draft.meta, draft.record) == (meta, {"more": 1})


@pytest.mark.parametrize(
    "steps",
    [
        ["one"],
        ["one\n\ntwo", "three"],
        ["3. one\n5. two", "1. x\n1. y"],
        [f"step {number}" for number in range(1, 13)],
        ["Answer: 5\nmore", "Reasoning:\n1. x"],
        [" ", "\n"],
    ],
)
def test_steps_may_hold_lines_and_numbers(steps):
    for line in (sft(*steps), training_example(*steps)):
        assert contents(only(export.read(line))) == steps


def test_the_known_answer_may_look_like_a_step():
    draft = only(export.read(sft("one", answer="a\nAnswer: 5\n2. b <end_of_turn>")))
    assert draft.final_answer == "a\nAnswer: 5\n2. b <end_of_turn>"
    assert contents(draft) == ["one"]


def test_broken_control_tokens_stay():
    draft = only(export.read(sft("<\u200bend_of_turn>", prompt="<\u200bstart_of_turn>model")))
    assert draft.prompt == "<\u200bstart_of_turn>model"
    assert contents(draft) == ["<\u200bend_of_turn>"]


def test_an_answer_may_be_empty():
    for line in (sft("one", answer=""), training_example("one", answer="")):
        assert only(export.read(line)).final_answer == ""


@quickly
@given(
    st.lists(st.sampled_from(["\n", "1. ", "2. ", "3. ", "Answer: ", "x", "y"]), min_size=1).map(
        "".join
    ),
    st.sampled_from(["", "5", "\nAnswer: 5"]),
)
def test_nothing_of_a_response_is_lost(body, answer):
    text = f"Reasoning:\n1. {body}\nAnswer: {answer}"
    read = read_numbered(text)
    assert response(*(content for _, content in read.steps), answer=read.answer) == text
    known = read_numbered(text, answer)
    assert response(*(content for _, content in known.steps), answer=answer) == text


@pytest.mark.parametrize(
    "text", ["", "Reasoning:", "Reasoning:\n2. x\nAnswer: y", "Reasoning:\n1. x"]
)
def test_other_texts_are_not_of_the_form(text):
    assert read_numbered(text) is None
    assert refusal(export, {**training_example("x"), "response": text or "x"})[0] == "response"


def test_a_long_response_takes_no_longer_than_it_is():
    steps = ["x"] * 100_000
    assert len(read_numbered(response(*steps)).steps) == 100_000
    assert len(read_numbered("Reasoning:\n1. " + "\n2. " * 500_000 + "\nAnswer: ").steps) == 2


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({**TRACE, "trace_steps": [1]}, "trace_steps[0]"),
        ({**TRACE, "prompts": None}, "prompts"),
        (without(TRACE, "final_answer"), "final_answer"),
        ({**TRACE, "metadata": []}, "metadata"),
        ({**TRACE, "metadata": {"trace_version": 1}}, "metadata.trace_version"),
        ({**TRACE, "id": 1}, "id"),
        (sft("one", prompts="<start_of_turn>user\np<end_of_turn>"), "prompts"),
        (sft("one", final_answer="other"), "prompts"),
        ({**sft("one"), "prompts": sft("one")["prompts"].removesuffix("<end_of_turn>")}, "prompts"),
        (without(training_example("x"), "prompt"), "prompt"),
    ],
)
def test_wrong_fields_are_named(line, field):
    assert refusal(export, line)[0] == field


def test_metadata_may_be_missing():
    draft = only(export.read(without(TRACE, "metadata", "id")))
    assert (draft.meta, draft.external_id, draft.trace_version) == ({}, None, "1.0")
