"""One rule for replies and answers, whatever format brings them."""

import pytest

from traces.models import Trace
from traces.tests.imports.sending import send

pytestmark = pytest.mark.django_db

QUESTION = "What is 2 and 2?"
ASKED = {"role": "user", "content": QUESTION}
THOUGHT = "I add.\n\n2 + 2 is 4."


def said(content, **more) -> dict:
    return {"role": "assistant", "content": content, **more}


FILES = {
    "messages": [
        {"messages": [ASKED, said(f"<think>{THOUGHT}</think>So \\boxed{{4}}.<|im_end|>")]}
    ],
    "sharegpt": [
        {
            "conversations": [
                {"from": "human", "value": QUESTION},
                {"from": "gpt", "value": f"[THINK]{THOUGHT}[/THINK]The answer is 4."},
            ]
        }
    ],
    "prompt_completion": [{"prompt": QUESTION, "completion": f"{THOUGHT}\n\nAnswer: 4."}],
    "preference": [{"question": QUESTION, "chosen": said("**4**"), "rejected": said("$4$")}],
    "openr1": [{"problem": QUESTION, "generations": [f"{THOUGHT}</think>\n\n#### 4"], "uuid": "u"}],
    "openmath": [
        {"problem": QUESTION, "generated_solution": "So \\boxed{4}", "expected_answer": 4.0}
    ],
    "limo": [{"question": QUESTION, "solution": "2 and 2 are 4.", "answer": 4.0}],
    "gsm8k": [{"question": QUESTION, "answer": f"{THOUGHT}\n#### 4"}],
    "otel": [
        {
            "gen_ai.input.messages": [
                {"role": "user", "parts": [{"type": "text", "content": QUESTION}]}
            ],
            "gen_ai.output.messages": [
                {
                    "role": "assistant",
                    "parts": [
                        {"type": "reasoning", "content": THOUGHT},
                        {"type": "text", "content": "<answer>4</answer>"},
                    ],
                }
            ],
        }
    ],
}


def test_right_replies_agree_whatever_format_they_came_in(curator):
    for name, records in FILES.items():
        answer = send(curator, records).json()
        assert (answer["format"], answer["error_count"]) == (name, 0)
    (row,) = curator.get("/api/traces/prompts").json()["results"]
    assert (row["trace_count"], row["answer_count"], row["agreement"]) == (10, 1, 1.0)
    assert row["most_frequent_answer"] == "4"


@pytest.mark.parametrize("name", ["messages", "sharegpt", "openr1"])
def test_a_reply_behind_a_thought_is_the_step_that_meta_names(curator, name):
    send(curator, FILES[name])
    trace = Trace.objects.get()
    *thought, reply = trace.steps
    assert {step["type"] for step in thought} == {"reasoning"}
    assert (reply["type"], reply["i"]) == ("output", trace.meta["reply_step"])
    assert "4" in reply["content"]


def test_the_step_is_named_where_long_steps_were_split_and_many_merged(curator):
    thought = "\n\n".join(["x" * 45_000, *(f"Step {n}." for n in range(1_200))])
    record = {"messages": [ASKED, said("The answer is 4.", reasoning=thought)]}
    assert send(curator, [record]).json()["created_count"] == 1
    trace = Trace.objects.get()
    assert len(trace.steps) == 1_000
    assert trace.steps[-1] == {"i": 999, "type": "output", "content": "The answer is 4."}
    assert trace.meta["reply_step"] == 999
    assert trace.steps[-2]["content"].endswith("Step 1199.")
