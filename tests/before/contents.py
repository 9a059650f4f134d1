"""What is brought in: traces by hand, in a batch and of files, with what an import cuts off."""

from typing import Any

Json = dict[str, Any]

SYSTEM = {"role": "system", "content": "Be brief."}
ASKED = {"role": "user", "content": "How many legs have 3 spiders?"}
REPLY = {"role": "assistant", "content": "24."}
CALL = {"id": "call_1", "type": "function", "function": {"name": "times", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "24"}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/spider.png"}}
LONG = "Eight legs and eight legs and eight legs. "  # of 42 characters


def trace(prompt: str, *steps: str, answer: str = "24", **more: Any) -> Json:
    return {
        "trace_version": "1.0",
        "prompt": prompt,
        "final_answer": answer,
        "steps": [
            {"i": i, "type": "reasoning", "content": content}
            for i, content in enumerate(steps or ("3 * 8 = 24",))
        ],
        **more,
    }


# Each is sent alone, by POST /api/traces.
TRACES = [
    trace("How many legs have 3 spiders?"),
    trace("How many legs have 3 spiders?", external_id="by hand", meta={"source": "hand"}),
    trace("How many legs have 3 spiders?", external_id="by hand", meta={"source": "other hand"}),
    trace("  how MANY legs  have\n3 spiders? ", meta=None, tags=["a tag", "\u00fcber", "a tag 2"]),
    trace("Wie viele F\u00fc\u00dfe? \U0001f577\ufe0f \u2028 \\N \\. \t\r\n'\"$$"),
    trace("Wie viele Fu\u0308\u00dfe? \U0001f577\ufe0f", answer="vierundzwanzig\n"),
    trace(
        "Steps that are not in order.",
        steps=[
            {"i": 2147483647, "type": "check", "content": " \n"},
            {"i": 7, "type": "\u00fc" * 64, "content": "first\u2029\u0085\x1f"},
            {"i": 40, "type": "output", "content": "<start_of_turn>model<end_of_turn>"},
        ],
        trace_version="v" * 64,
    ),
    trace(
        "<start_of_turn>user\nWho?<end_of_turn>\n<start_of_turn>model", "<end_of_turn>", answer=""
    ),
    trace(
        "Numbers of every kind.",
        meta={
            "source": "numbers",
            "large": 1e22,
            "small": 5e-324,
            "whole": 9223372036854775807,
            "least": -9223372036854775808,
            "one": 1.0,
            "none": None,
            "yes": True,
            "": {"": [[], {}, "", 0, -0.0, 0.1]},
            "nested": {"a": {"b": {"c": [1, {"d": "e"}]}}, "level.with.dots": 2},
            "created_at": "mine",
            "trace_version": "mine",
            "source_trace_id": "mine",
            "format": "mine",
        },
    ),
    trace("A long one. " * 700, *[LONG * 60] * 12, answer=LONG * 5, meta={"source": "long"}),
    trace(
        "Be brief.\n\nHow many legs have 3 spiders?",
        messages=[SYSTEM, ASKED, REPLY],
        meta={"source": "system"},
    ),
    trace(
        "several turns",
        messages=[ASKED, REPLY, {**ASKED, "content": "And 4?"}, {**REPLY, "content": "32."}],
        answer="32.",
        meta={"source": "turns"},
    ),
    trace(
        "tools",
        messages=[
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            RESULT,
            REPLY,
        ],
        meta={"source": "tools"},
    ),
    trace("media", messages=[{**ASKED, "content": [PICTURE]}, REPLY], meta={"source": "media"}),
    trace("no turns", messages=[{**ASKED, "content": {"a": [5]}}], meta={"source": "no turns"}),
    trace("cut off", "Well, 3 times", answer="", meta={"source": "cut", "truncated": True}),
    trace("not cut off", "Well, 3 times", meta={"source": "cut", "truncated": True}),
    trace("a reply", "3 * 8", "It is 24.", meta={"source": "reply", "reply_step": 1}),
    trace("a record of one's own: a text", meta={"record": LONG * 10}),
    trace("a record of one's own: an object", meta={"record": {"text": LONG * 10, "level": 3}}),
    trace(
        "a record of one's own: as an import writes it",
        meta={"source": "gsm8k", "format": "gsm8k", "record": {"answer": LONG * 10, "level": 3}},
    ),
    trace("a record of one's own: inside", meta={"record": {"record": LONG * 10, "source": "x"}}),
    trace("a key that was to come", meta={"original": {"text": LONG * 10}, "source": "to come"}),
]

BATCH = [
    trace(
        f"What is {n % 9} plus {n % 7}?",
        f"{n % 9} and {n % 7} are to be added.",
        *[f"Counting on from {n % 9}, {count}."[:40] for count in range(n % 5)],
        answer=str(n % 9 + n % 7 + (n % 4 == 0)),
        meta={
            "source": ("sums", "more sums")[n % 2],
            "level": n % 3,
            "topic": ("adding", "counting")[n % 2],
            "share": n / 8,
            "checked": n % 3 == 0,
            "reference_answer": str(n % 9 + n % 7),
        },
        **({"external_id": f"sum-{n}"} if n % 2 else {}),
        **({"tags": ["sum", f"by {n % 3}"]} if n % 3 else {}),
    )
    for n in range(28)
]

REPEATED = [trace("Say it again.", answer="Again.", meta={"source": "repeated"})] * 3

BAD_LINES = (
    b'{"question": "no answer"}\n[1]\n{"question": "2+2?", "answer": "2+2=4\\n#### 4"}\n{"a"\n'
)


def _cut_off(number: int, **more: Any) -> Json:
    """Give a record with much that no trace has a place for."""
    return {
        "q": f"What is 2 + {number}?",
        "r": f"I add 2 and {number}.\n\n#### {2 + number}",
        "id": f"cut-{number}",
        "level": number,
        "share": number / 2,
        "checked": number % 2 == 0,
        "nothing": None,
        "kind": "algebra",
        **more,
    }


CUT_OFF = [
    _cut_off(1, essay=LONG * 50, other=f"{LONG * 20}end", short="short"),
    _cut_off(2, exactly="x" * 200, beyond="x" * 201, umlauts="\u00fc" * 200, more="\u00fc" * 201),
    _cut_off(
        3, listed=[LONG * 10, "short", 3], nested={"text": LONG * 10, "n": 1, "deep": [[LONG]]}
    ),
    _cut_off(4, **{f"scalar {n}": n for n in range(30)}, essay=LONG * 10),
    _cut_off(5, **{f"text {n}": f"{n} {LONG * 10}" for n in range(30)}),
    _cut_off(6, empty="", listless=[], objectless={}, record=LONG * 10, source="of the record"),
    _cut_off(
        7, original=LONG * 10, **{"dotted.name": LONG * 10, "": LONG * 10, "\u00fc": LONG * 10}
    ),
    _cut_off(8),
    _cut_off(9, controls='tab\t, line\n, \u2028 and \\ " \U0001f577 ' + LONG * 10),
    _cut_off(10, ids=list(range(100)), flags=[True, None, 0.5] * 20),
]
