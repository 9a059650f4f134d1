"""Prompt, thought and reply in columns of the usual names."""

import pytest

from traces.readers import columns
from traces.readers.formats import recognise
from traces.reasoning.steps import OUTPUT, REASONING
from traces.sources.source import Row
from traces.tests.readers.reading import only, refusal

THOUGHT = "Nine and six.\n\nFifteen."


def read(**record):
    assert recognise([record]).name == "columns"
    return only(columns.read(record))


def test_alpaca():
    draft = read(**columns.EXAMPLE)
    assert draft.prompt == "Add the numbers.\n\n19 and 23"
    assert draft.steps == [(REASONING, "19 + 20 = 39, and 3 more are 42.")]
    assert (draft.final_answer, draft.messages) == ("42", None)
    assert draft.record == columns.EXAMPLE  # none of its fields stands in the trace word for word


def test_alpaca_without_an_input():
    for nothing in ({"input": ""}, {"input": None}, {}):
        draft = read(instruction="Name a prime number.", output="7", **nothing)
        assert (draft.prompt, draft.final_answer) == ("Name a prime number.", "7")


def test_alpaca_with_a_system_prompt_and_a_history():
    draft = read(
        instruction="And twice that?",
        output="30",
        system="Be brief.",
        history=[["What is 9 + 6?", "15"]],
    )
    assert [(one["role"], one["content"]) for one in draft.messages] == [
        ("system", "Be brief."),
        ("user", "What is 9 + 6?"),
        ("assistant", "15"),
        ("user", "And twice that?"),
        ("assistant", "30"),
    ]
    assert draft.final_answer == "30"
    assert "What is 9 + 6?" in draft.prompt


@pytest.mark.parametrize(
    ("prompt", "reply"),
    [
        ("question", "response"),
        ("prompt", "response"),
        ("input", "output"),
        ("query", "response"),
        ("question", "answer"),
        ("problem", "solution"),
        ("Question", "Response"),
        ("instruction", "output"),
        ("User Prompt", "Model Output"),
    ],
)
def test_prompt_and_reply(prompt, reply):
    draft = read(**{prompt: "What is 9 + 6?", reply: "<think>9 + 6</think>\n15", "n": 1})
    assert (draft.prompt, draft.final_answer) == ("What is 9 + 6?", "15")
    assert draft.steps == [(REASONING, "9 + 6")]
    assert draft.record["n"] == 1


@pytest.mark.parametrize(
    ("prompt", "thought", "reply"),
    [
        ("problem", "deepseek_reasoning", "deepseek_solution"),
        ("Question", "Complex_CoT", "Response"),
        ("question", "rationale", "answer"),
        ("question", "cot", "answer"),
        ("prompt", "thinking", "response"),
        ("instruction", "reasoning", "output"),
        ("question", "chain_of_thought", "answer"),
        ("question", "thought", "answer"),
        ("problem", "reasoning_content", "solution"),
    ],
)
def test_thought_and_answer_in_columns(prompt, thought, reply):
    draft = read(**{prompt: "What is 9 + 6?", thought: THOUGHT, reply: "15"})
    assert draft.steps == [(REASONING, "Nine and six."), (REASONING, "Fifteen.")]
    assert (draft.prompt, draft.final_answer) == ("What is 9 + 6?", "15")
    assert draft.record == {}  # all of it stands in the trace


def test_a_reply_behind_a_thought_gives_its_answer_and_stays():
    draft = read(question="What is 9 + 6?", cot=THOUGHT, response="So it is \\boxed{15}.")
    assert draft.final_answer == "15"
    assert draft.steps[-1] == (OUTPUT, "So it is \\boxed{15}.")
    assert draft.notes["reply_step"] == 2


def test_steps_in_a_list_stay_steps():
    draft = read(question="What is 9 + 6?", steps=["9 + 1 = 10.\n\nYes.", "10 + 5."], answer=15.0)
    assert draft.steps == [(REASONING, "9 + 1 = 10.\n\nYes."), (REASONING, "10 + 5.")]
    assert draft.final_answer == "15"


def test_a_solution_beside_an_answer_is_the_way_to_it():
    draft = read(problem="What is 9 + 6?", solution=THOUGHT, answer="15")
    assert (len(draft.steps), draft.final_answer) == (2, "15")


def test_a_solution_and_its_answer_are_the_reference_too():
    draft = read(problem="What is 9 + 6?", solution=THOUGHT, answer="15")
    assert draft.notes["reference_answer"] == "15"


@pytest.mark.parametrize("name", ["answer", "final_answer"])
@pytest.mark.parametrize("said", ["proof", "n/a", "notfound"])
def test_words_that_say_that_there_is_no_answer_are_none(name, said):
    draft = read(question="Show that 9 + 6 = 15.", reasoning=THOUGHT, **{name: said})
    assert (draft.final_answer, len(draft.steps)) == ("", 2)
    assert draft.notes == {"answer_from": "none"}
    assert draft.record == {name: said}
    draft = read(question="Show that 9 + 6 = 15.", answer=said)
    assert (draft.final_answer, draft.steps) == ("", [(OUTPUT, said)])
    assert "reference_answer" not in read(problem="x", solution=THOUGHT, answer=said).notes


def test_a_final_answer_of_its_own():
    draft = read(question="What is 9 + 6?", reasoning=THOUGHT, final_answer="15")
    assert (len(draft.steps), draft.final_answer) == (2, "15")
    draft = read(question="What is 9 + 6?", response="It is fifteen.", final_answer="15")
    assert (draft.steps, draft.final_answer) == ([(OUTPUT, "It is fifteen.")], "15")


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        ("15", "15"),
        (15, "15"),
        ("Nine and six.\nSo \\boxed{15}.", "15"),
        ("Nine.\n#### 15", "15"),
        ("It is written\nout.", None),
        ("proof", None),
    ],
)
def test_what_is_right_is_the_reference(given, reference):
    draft = read(problem="9 + 6?", deepseek_solution="15", ground_truth_solution=given)
    assert draft.notes.get("reference_answer") == reference
    assert ("ground_truth_solution" in draft.record) == (given not in ("15", reference))


@pytest.mark.parametrize(
    "record",
    [
        {"question": "9 + 6?", "response": "I add: 15.", "answer": "15"},
        {"question": "9 + 6?", "prompt": "Q: 9 + 6?", "answer": "15"},
        {"question": "9 + 6?", "cot": "a", "reasoning": "b", "answer": "15"},
        {"question": "Which?", "choices": ["a", "b"], "answer": "b"},
        {"question": "Which?", "options": {"A": "a"}, "answer": "A"},
        {"prompt": "9 + 6?", "chosen": "15", "response": "14"},
        {"question": "9 + 6?", "answer": {"value": 15}},
        {"question": ["9 + 6?"], "answer": "15"},
        {"question": "9 + 6?", "cot": "a", "responses": ["15", "16"]},
        {"question": "9 + 6?", "responses": [{"score": 1}]},
        {"question": "9 + 6?", "final_answer": "15"},
        {"question": "9 + 6?", "answer": None},
        {"text": "9 + 6 = 15"},
    ],
)
def test_what_leaves_a_doubt_is_not_read(record):
    assert recognise([record]) is None


@pytest.mark.parametrize(
    "replies", [["15", "16"], [{"model": "a", "response": "15"}, {"model": "b", "response": "16"}]]
)
def test_each_of_several_replies_is_a_trace(replies):
    record = {"question": "9 + 6?", "responses": replies, "reference_answer": "15"}
    assert recognise([record]).name == "columns"
    drafts = columns.read(record)
    assert [draft.final_answer for draft in drafts] == ["15", "16"]
    assert [draft.notes["choice"] for draft in drafts] == [0, 1]
    assert [draft.notes["reference_answer"] for draft in drafts] == ["15", "15"]
    own = [[one] if isinstance(one, dict) else None for one in replies]
    assert [draft.record.get("responses") for draft in drafts] == own


@pytest.mark.parametrize(
    ("label", "status"), [(True, "approved"), ("False", "rejected"), (3, None)]
)
def test_a_label_is_a_verdict(label, status):
    assert read(question="9 + 6?", answer="15", label=label).status == status


def test_other_formats_come_first():
    worked = {"question": "Half of 18?", "answer": "18/2=9\n#### 9"}
    other = {"question": "And of 20?", "answer": "Ten."}
    assert recognise([other, worked]).name == "gsm8k"
    assert recognise([other, other]).name == "columns"


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"question": "", "answer": "15"}, "question"),
        ({"question": " ", "answer": "15"}, "question"),
        ({"question": "x", "answer": " "}, "answer"),
        ({"question": "x", "answer": {}}, "answer"),
        ({"question": "x"}, "response"),
        ({"question": "x", "answer": "y", "output": "z"}, "output"),
        ({"question": "x", "answer": "y", "history": [["a"]]}, "history[0]"),
        ({"question": "x", "answer": "y", "steps": ["a", 1]}, "steps[1]"),
    ],
)
def test_a_record_that_cannot_be_read_names_the_field(record, field):
    assert refusal(columns, record)[0] == field


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("name", ["Question", "Response"])
def test_a_column_that_is_empty_is_named_as_the_file_names_it(name, value):
    record = {"Question": "Two?", "Response": "2", name: value}
    assert refusal(columns, record) == (name, "This column is empty here.")


def test_so_is_a_column_of_a_table_that_holds_nothing():
    row = Row({"question": "Two?"}, ["question", "answer"])
    assert refusal(columns, row) == ("answer", "This column is empty here.")


@pytest.mark.parametrize("name", ["reasoning", "thinking", "Reasoning"])
@pytest.mark.parametrize(
    "setting", ["on", "OFF", "true", "False", "enabled", "disabled", "none", "low", "high", True]
)
def test_a_setting_is_no_thought(name, setting):
    draft = read(input="Two?", output="<think>I add.</think>4", **{name: setting})
    assert (draft.steps, draft.final_answer) == ([(REASONING, "I add.")], "4")
    assert draft.record[name] == setting


def test_a_setting_beside_an_answer_gives_no_step():
    draft = read(input="Two?", output="4", reasoning="off")
    assert (draft.steps, draft.final_answer, draft.record) == ([], "4", {"reasoning": "off"})


def test_the_same_thought_in_two_columns_is_one():
    draft = read(question="Two?", answer="4", reasoning="I add.", reasoning_content="I add. ")
    assert draft.steps == [(REASONING, "I add.")]


@pytest.mark.parametrize(
    "name",
    [
        *("content", "final", "model_answer", "assistant_response", "response_text"),
        *("deepseek_response", "r1_answer"),
    ],
)
def test_what_stands_beside_a_thought_is_the_reply(name):
    draft = read(input="Two?", reasoning_content="I add.", **{name: "4"})
    assert (draft.steps, draft.final_answer) == ([(REASONING, "I add.")], "4")


@pytest.mark.parametrize("name", ["content", "final"])
def test_a_content_beside_a_reply_is_kept_and_no_reply(name):
    draft = read(input="Two?", reasoning_content="I add.", output="4", **{name: "c"})
    assert (draft.final_answer, draft.record) == ("4", {name: "c"})


def test_a_thought_whose_answer_may_stand_in_an_unknown_column_is_refused():
    record = {"input": "Two?", "reasoning": "I add.", "what_it_said": "4", "id": "a", "n": 1}
    assert recognise([record]) is None
    field, reason = refusal(columns, record)
    assert (field, "map" in reason) == ("what_it_said", True)


def test_a_thought_alone_may_have_columns_that_tell_of_it():
    draft = read(question="Two?", cot="I add.", id="a", source="b", doc_id="c", n=1)
    assert (draft.steps, draft.final_answer) == ([(REASONING, "I add.")], "")


def test_a_context_of_numbers_is_a_models_state():
    draft = read(prompt="Two?", response="4", context=[1, 2, 3], model="m", done=True)
    assert (draft.prompt, draft.final_answer) == ("Two?", "4")
    assert draft.record["context"] == [1, 2, 3]


def test_an_answer_and_a_solution_in_lists_of_one():
    draft = read(question="Two?", solution=["I add.\n\n4"], final_answer=["4"])
    assert (draft.final_answer, draft.notes["answer_from"]) == ("4", "field")
    assert read(question="Two?", solution=["2, 3"], final_answer=["2", "3"]).final_answer == "2, 3"
