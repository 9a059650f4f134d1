"""Samples of lm-evaluation-harness."""

import json

import pytest

from traces.readers import lm_eval
from traces.readers.formats import recognise
from traces.tests.readers.reading import only, refusal, without

SAMPLE = lm_eval.EXAMPLE
PROMPT = "Question: A box holds 6 eggs. How many do 4 boxes hold?\nAnswer:"


def test_a_reply_is_a_trace_with_its_metric_as_a_score():
    assert recognise([SAMPLE]).name == "lm_eval"
    draft = only(lm_eval.read(SAMPLE))
    assert (draft.prompt, draft.final_answer) == (PROMPT, "24")
    assert draft.notes["reference_answer"] == "24"
    [score] = draft.scores
    assert (score["criteria"], score["scorer_version"], score["value"]) == (
        "answer_correctness",
        "lm_eval:exact_match",
        1.0,
    )
    assert draft.messages is None
    assert draft.record["doc"] == SAMPLE["doc"]


@pytest.mark.parametrize(
    "arguments",
    [
        [[PROMPT, {"until": []}]],
        {"gen_args_0": {"arg_0": PROMPT, "arg_1": {}}},
        {"gen_args_0": {"arg_0": [PROMPT], "arg_1": {}}},
        {"gen_args_0": {"arg_0": json.dumps([{"role": "user", "content": PROMPT}]), "arg_1": {}}},
        {"gen_args_0": {"arg_0": [json.dumps([{"role": "user", "content": PROMPT}])]}},
    ],
)
def test_prompts_are_texts_or_turns_as_json(arguments):
    assert only(lm_eval.read({**SAMPLE, "arguments": arguments})).prompt == PROMPT


def test_a_chat_with_a_system_prompt_is_kept():
    turns = [{"role": "system", "content": "Count."}, {"role": "user", "content": PROMPT}]
    draft = only(lm_eval.read({**SAMPLE, "arguments": [[json.dumps(turns), {}]]}))
    assert [one["role"] for one in draft.messages] == ["system", "user", "assistant"]


def test_several_replies_are_several_traces_and_share_no_score():
    drafts = lm_eval.read({**SAMPLE, "resps": [["It is 24.", "It is 25."]]})
    assert [draft.final_answer for draft in drafts] == ["It is 24.", "It is 25."]
    assert [draft.notes["choice"] for draft in drafts] == [0, 1]
    assert [draft.scores for draft in drafts] == [[], []]


@pytest.mark.parametrize(
    ("metric", "value"),
    [("exact_match,strict-match", 0.0), ("acc", True), ("math_verify", 1)],
)
def test_metrics_are_found_behind_any_filter(metric, value):
    draft = only(lm_eval.read({**without(SAMPLE, "exact_match"), metric: value}))
    assert [score["value"] for score in draft.scores] == [float(value)]


def test_a_share_is_no_verdict():
    assert only(lm_eval.read({**SAMPLE, "exact_match": 0.5})).scores == []


@pytest.mark.parametrize(
    ("target", "reference"),
    [
        ("4 * 6 = 24\n#### 24", "24"),
        (24, "24"),
        ("[0, 1]", "[0, 1]"),
        (["24"], "24"),
        (["24", "25"], None),
        (None, None),
    ],
)
def test_the_target_is_the_reference(target, reference):
    notes = only(lm_eval.read({**SAMPLE, "target": target})).notes
    assert notes.get("reference_answer") == reference


def test_a_task_of_likelihoods_has_no_reply():
    record = {**SAMPLE, "arguments": [["Q", " yes"], ["Q", " no"]], "resps": [[["-1", "True"]]]}
    assert refusal(lm_eval, record) == (
        "arguments",
        "Of a task that compares likelihoods: the model wrote no reply.",
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"arguments": []}, "arguments"),
        ({"arguments": [[]]}, "arguments[0]"),
        ({"arguments": [[" ", {}]]}, "arguments"),
        ({"resps": []}, "resps"),
        ({"resps": [[]]}, "resps"),
        ({"resps": [[1]]}, "resps[0][0]"),
        ({"resps": "x"}, "resps"),
    ],
)
def test_what_is_no_sample_is_refused(changes, field):
    assert refusal(lm_eval, {**SAMPLE, **changes})[0] == field


def test_the_metric_behind_each_of_two_filters_is_a_score():
    both = {"exact_match,strict-match": 0.0, "exact_match,flexible-extract": 1.0}
    draft = only(lm_eval.read({**without(SAMPLE, "exact_match"), **both}))
    assert [(one["scorer_version"], one["value"]) for one in draft.scores] == [
        ("lm_eval:exact_match,strict-match", 0.0),
        ("lm_eval:exact_match,flexible-extract", 1.0),
    ]


def test_the_filter_of_a_sample_is_noted():
    assert only(lm_eval.read(SAMPLE)).notes["filter"] == "strict-match"
    assert "filter" not in only(lm_eval.read({**SAMPLE, "filter": "none"})).notes
