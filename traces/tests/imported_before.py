"""What earlier readers made of typical records, kept as `imported_before.json`.

Run as a program, with the readers of whichever version is to be remembered, it writes that file:

    DJANGO_SETTINGS_MODULE=tunix_site.settings python -m traces.tests.imported_before

It was written by the readers of 0.1.0 before answers had one rule. Add records of a new format in
a file of their own rather than write it anew: what it is for is that it stays.
"""

import json
from pathlib import Path
from typing import Any

WRITTEN = Path(__file__).with_suffix(".json")

THOUGHT = (
    "Okay, so I need the number of legs.\n\nA spider has 8 legs, so 3 spiders have 3 * 8 = 24.\n\n"
    "Wait, let me check it: 8 + 8 + 8 = 24. Yes."
)
BOXED = "Three spiders have\n\n$$3 \\cdot 8 = \\boxed{24}$$\n\nlegs in all."
REPLY = f"<think>\n{THOUGHT}\n</think>\n\n{BOXED}"
ASKED = "How many legs have 3 spiders?"
SYSTEM = "Think before you answer. Put the answer in \\boxed{}."
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "multiply", "arguments": '{"a": 3, "b": 8}'},
}
UUID = "5f0c1f0e-0000-4000-8000-0000000000"


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def human(value: str) -> dict[str, Any]:
    return {"from": "human", "value": value}


def gpt(value: str) -> dict[str, Any]:
    return {"from": "gpt", "value": value}


MESSAGES = [
    {"id": "c-1", "messages": [user(ASKED), assistant(BOXED, reasoning_content=THOUGHT)]},
    {"messages": [user(ASKED), assistant(REPLY)], "model": "a-model", "n": 0.5},
    {"messages": [{"role": "system", "content": SYSTEM}, user(ASKED), assistant(REPLY)]},
    {"messages": [user("Hello!"), assistant("Hello. What is it?"), user(ASKED), assistant(REPLY)]},
    {
        "messages": [
            user(ASKED),
            assistant(None, tool_calls=[CALL]),
            {"role": "tool", "tool_call_id": "call_1", "content": "24"},
            assistant("The answer is 24.", reasoning="The tool gave 24."),
        ],
        "tools": [{"type": "function", "function": {"name": "multiply"}}],
    },
    {"messages": [user(ASKED), assistant("<think>\nA spider has 8 legs, so")]},
    {"messages": [user(ASKED), assistant("Each has 8 legs.\n\n3 * 8 = 24\n\n#### 24")]},
    {"messages": [user("Say it in one word."), assistant("Twenty-four.<|im_end|>")]},
    {"messages": [user([{"type": "text", "text": ASKED}]), assistant(f"{THOUGHT}\n</think>\n24")]},
    {"messages": [user(ASKED), assistant("<think>8+8+8</think><answer>24</answer>")]},
]
SHAREGPT = [
    {
        "system": SYSTEM,
        "conversations": [
            human(ASKED),
            gpt(
                f"<|begin_of_thought|>\n\n{THOUGHT}\n\n<|end_of_thought|>\n\n"
                f"<|begin_of_solution|>\n\n{BOXED}\n\n<|end_of_solution|>"
            ),
        ],
    },
    {"id": "s-1", "conversations": [human(ASKED), gpt(REPLY)]},
    {
        "conversations": [human("Hello!"), gpt("Hello."), human(ASKED), gpt("It is 24.")],
        "source": "made up",
    },
    {"conversations": [user(ASKED), assistant(REPLY)]},
]
OPENR1 = [
    {
        "problem": "A train covers 120 km in 1.5 hours. What is its average speed in km/h?",
        "solution": "The speed is $120 / 1.5 = 80$ km/h.",
        "answer": "80",
        "problem_type": "Algebra",
        "question_type": "math-word-problem",
        "source": "cn_k12",
        "uuid": f"{UUID}11",
        "is_reasoning_complete": [True, True, False],
        "generations": [
            "<think>\nSpeed is distance over time.\n\n120 / 1.5 = 80.\n</think>\n\n"
            "To find it:\n\n1. Divide 120 by 1.5.\n\n**Final Answer**\n\n"
            "\\[\\boxed{80 \\text{ km/h}}\\]",
            "<think>\nI multiply: 120 * 1.5 = 180.\n</think>\n\nThe average speed is 180 km/h.",
            "<think>\nLet me think: 120 divided by",
        ],
        "correctness_math_verify": [True, False, False],
        "correctness_llama": [True, False, None],
        "finish_reasons": ["stop", "stop", "length"],
        "correctness_count": 1,
        "messages": [
            user("A train covers 120 km in 1.5 hours. What is its average speed in km/h?"),
            assistant(
                "<think>\nSpeed is distance over time.\n\n120 / 1.5 = 80.\n</think>\n\n"
                "To find it:\n\n1. Divide 120 by 1.5.\n\n**Final Answer**\n\n"
                "\\[\\boxed{80 \\text{ km/h}}\\]"
            ),
        ],
    },
    {
        "problem": "Prove that the sum of two even numbers is even.",
        "solution": "2a + 2b = 2(a + b).",
        "answer": "proof",
        "uuid": f"{UUID}12",
        "generations": ["<think>\n2a + 2b.\n</think>\n\nIt is $2(a+b)$, which is even."],
        "correctness_math_verify": None,
    },
    {
        "problem": "What is $2^{10}$?",
        "solution": "It is $1024$.",
        "answer": 1024,
        "uuid": f"{UUID}13",
        "generations": ["<think>\n\n</think>\n\n\\boxed{1024}", "I know it: \\boxed{1024}."],
    },
    {
        "problem": "What are the roots of $x^2 = 4$?",
        "answer": "2, -2",
        "generations": ["<think>\nBoth signs.\n</think>\n\n$x = \\boxed{2}$ or $x = \\boxed{-2}$."],
    },
]
RECORDS: dict[str, list[dict[str, Any]]] = {
    "trace": [
        {
            "trace_version": "1.0",
            "prompt": ASKED,
            "final_answer": "The answer is 24.",
            "steps": [{"i": 4, "type": "thought", "content": THOUGHT}],
            "external_id": "q-1",
            "meta": {"source": "by hand", "record": {"n": 1}},
            "messages": [user(ASKED), assistant(REPLY)],
        },
    ],
    "record": [
        {
            "id": "01970000-0000-7000-8000-000000000011",
            "created_at": "2026-01-31T12:00:00.000000Z",
            "trace_version": "1.0",
            "prompt": ASKED,
            "final_answer": "24",
            "steps": [{"i": 0, "type": "output", "content": REPLY}],
            "meta": {"source": "by hand"},
            "status": "unreviewed",
            "tags": [],
            "scores": [],
            "split": None,
        },
    ],
    "export": [
        {
            "id": "01970000-0000-7000-8000-000000000012",
            "prompts": ASKED,
            "trace_steps": ["A spider has 8 legs.", "3 * 8 = 24.\n\n\\boxed{24}"],
            "final_answer": "The answer is 24.",
            "metadata": {
                "created_at": "2026-01-31T12:00:00.000000Z",
                "trace_version": "1.0",
                "source": "by hand",
                "record": {"level": 3},
            },
        },
        {
            "id": "01970000-0000-7000-8000-000000000013",
            "prompt": f"{ASKED}\n\nPlease show your reasoning steps.",
            "response": "Reasoning:\n1. A spider has 8 legs.\n2. 3 * 8 = 24.\nAnswer: 24",
            "metadata": {
                "source_trace_id": "01970000-0000-7000-8000-000000000014",
                "created_at": "2026-01-31T12:00:00.000000Z",
                "trace_version": "1.0",
                "source": "by hand",
            },
        },
    ],
    "otel": [
        {
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "span_id": "00f067aa0ba902b7",
            "attributes": {
                "gen_ai.system_instructions": [{"type": "text", "content": SYSTEM}],
                "gen_ai.input.messages": json.dumps(
                    [{"role": "user", "parts": [{"type": "text", "content": ASKED}]}]
                ),
                "gen_ai.output.messages": [
                    {
                        "role": "assistant",
                        "parts": [
                            {"type": "reasoning", "content": "8 legs each."},
                            {"type": "reasoning", "content": "3 * 8 = 24."},
                            {"type": "text", "content": "The answer is **24**."},
                        ],
                        "finish_reason": "stop",
                    },
                    {
                        "role": "assistant",
                        "parts": [{"type": "text", "content": "It may be"}],
                        "finish_reason": "length",
                    },
                ],
            },
        },
        {
            "gen_ai.input.messages": [
                {"role": "user", "parts": [{"type": "text", "content": ASKED}]},
                {
                    "role": "assistant",
                    "parts": [
                        {"type": "tool_call", "id": "1", "name": "mul", "arguments": {"a": 3}}
                    ],
                },
                {
                    "role": "tool",
                    "parts": [{"type": "tool_call_response", "id": "1", "response": "24"}],
                },
            ],
            "gen_ai.output.messages": [
                {"role": "assistant", "parts": [{"type": "text", "content": "24 legs."}]}
            ],
        },
    ],
    "prm800k": [
        {
            "question": {"problem": "What is $2+2$?", "ground_truth_answer": "4"},
            "label": {
                "steps": [
                    {
                        "completions": [{"text": "I add.", "rating": 0, "flagged": False}],
                        "human_completion": {"text": "I add $2$ and $2$.", "rating": None},
                        "chosen_completion": None,
                    },
                    {
                        "completions": [{"text": "It is $5$.", "rating": -1, "flagged": False}],
                        "human_completion": None,
                        "chosen_completion": None,
                    },
                ],
                "finish_reason": "found_error",
            },
        },
    ],
    "openr1": OPENR1,
    "s1k": [
        {
            "question": ASKED,
            "solution": "Each has 8, so they have \\boxed{24} legs.",
            "cot_type": "math",
            "thinking_trajectories": [THOUGHT],
            "attempt": f"{BOXED}\n",
        },
        {
            "question": "What does the word 'dawn' mean?",
            "solution": "The first light\nof a day.",
            "cot_type": "crossword",
            "thinking_trajectories": ["The beginning of a day."],
            "attempt": "The first light of a day.",
        },
    ],
    "openmath": [
        {
            "id": 7,
            "problem": ASKED,
            "generated_solution": REPLY,
            "expected_answer": "24",
            "problem_type": "has_answer_extracted",
            "pass_rate_72b_tir": "0.96875",
        },
        {
            "question": ASKED,
            "generated_solution": "Each spider has 8 legs.\nSo 3 * 8 = 24 legs.\n\n"
            "The answer is 24.",
            "expected_answer": 24,
            "is_correct": True,
        },
    ],
    "gsm8k_solutions": [
        {
            "question": ASKED,
            "ground_truth": "3*8=<<3*8=24>>24\nA: 24",
            "175b_verification": {"is_correct": True, "solution": "It is 3*8=<<3*8=24>>24.\nA: 24"},
            "6b_finetuning": {"is_correct": False, "solution": "It is 3+8=<<3+8=11>>11."},
        },
    ],
    "gsm8k_socratic": [
        {
            "question": ASKED,
            "answer": "How many has one? ** One has 8.\nSo 3*8=<<3*8=24>>24.\n#### 24",
        },
    ],
    "gsm8k": [
        {"question": ASKED, "answer": "3*8=<<3*8=24>>24 legs.\n\n#### 24", "split": "train"},
        {"question": "What is 600 times 2?", "answer": "600*2=<<600*2=1200>>1,200\n#### 1,200"},
        {"question": "What is 600 times 2?", "answer": "600*2=<<600*2=1200>>1,200\n#### 1,200"},
    ],
    "limo": [
        {
            "question": ASKED,
            "solution": f"{THOUGHT}\n\n**Final Answer**\n\n\\boxed{{24}}",
            "answer": 24,
        },
        {"question": ASKED, "solution": "Let me see.\nIt is 24.", "answer": "24", "idx": 3},
    ],
    "math": [
        {
            "problem": "What is $\\frac{1}{2} + \\frac{1}{3}$?",
            "level": "Level 2",
            "type": "Algebra",
            "solution": "First, $\\frac{1}{2} = \\frac{3}{6}$.\n"
            "Then, $\\frac{1}{3} = \\frac{2}{6}$.\n"
            "So it is $\\boxed{\\frac{5}{6}}$.",
        },
        {
            "problem": "What is $\\frac{1}{2} + \\frac{1}{3}$?",
            "solution": "The sum is $\\boxed{\\frac56}$.",
            "answer": "\\frac{5}{6}",
            "subject": "Algebra",
            "level": 2,
            "unique_id": "test/algebra/1.json",
        },
        {
            "problem": "What are the roots of $x^2 = 4$?",
            "solution": "They are $\\boxed{2}$ and $\\boxed{-2}$.",
            "answer": "2, -2",
            "level": 1,
            "unique_id": "test/algebra/2.json",
        },
    ],
    "preference": [
        {"prompt": ASKED, "chosen": REPLY, "rejected": "There are 32 legs.", "margin": 1.5},
        {
            "prompt": ASKED,
            "chosen": [user(ASKED), assistant("24")],
            "rejected": [user(ASKED), assistant("32")],
        },
        {
            "chosen": [user("Hello!"), assistant("Yes?"), user(ASKED), assistant("24")],
            "rejected": [user("Hello!"), assistant("Yes?"), user(ASKED), assistant("32")],
        },
        {
            "prompt": [{"role": "system", "content": SYSTEM}, user(ASKED)],
            "chosen": [assistant(REPLY)],
            "rejected": [assistant("The answer is 32.")],
        },
    ],
    "stepwise": [
        {
            "prompt": [user(ASKED)],
            "completions": ["A spider has 8 legs.", "So it is 3 * 8 = 24.", "#### 24"],
            "labels": [1, 1, None],
        },
    ],
    "prompt_completion": [
        {"prompt": ASKED, "completion": REPLY, "id": 5},
        {"prompt": [user(ASKED)], "completion": [assistant(BOXED)]},
        {"prompt": ASKED, "completion": "Each has 8 legs.\n\n3 * 8 = 24\n\nAnswer: 24"},
        {"prompt": ASKED, "completion": "Reasoning:\n1. 8 each.\n2. 3 * 8 = 24.\nAnswer: 24"},
        {"prompt": "The sky is", "completion": " blue.\n"},
    ],
    "sharegpt": SHAREGPT,
    "messages": MESSAGES,
}


def written() -> dict[str, dict[str, Any]]:
    """Read what this program wrote: by format the `records` of a file and the `traces` of each."""
    found: dict[str, dict[str, Any]] = json.loads(WRITTEN.read_text("utf-8"))
    return found


def main() -> None:
    import django

    django.setup()

    import msgspec

    from traces.intake.incoming import Incoming
    from traces.intake.records import RecordReader
    from traces.readers.formats import FORMATS
    from traces.sources.source import Record

    kept = {}
    for name, fmt in FORMATS.items():
        records = [fmt.example, *RECORDS.get(name, [])]
        lines = [Record(n, json.dumps(record).encode()) for n, record in enumerate(records, 1)]
        read = list(RecordReader(fmt, source=None, may_curate=True).read(lines))
        refused = [one for one in read if not isinstance(one, Incoming)]
        if refused:
            raise SystemExit(f"{name}: {refused}")
        traces = [msgspec.to_builtins(one.document) for one in read]
        kept[name] = {"records": records, "traces": traces}
    WRITTEN.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
