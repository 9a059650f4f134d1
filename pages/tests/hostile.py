"""A trace that tries everything in every field, and one that is hard to lay out."""

from typing import Any

SCRIPT = "<script>alert('script')</script><img src=x onerror=\"alert('img')\">"
ATTACK = (
    f"{SCRIPT}\"'><svg onload=alert('svg')><style>*{{display:none}}</style>"
    "<iframe src=javascript:alert('frame')></iframe><base href=//evil.example/>"
    "[a](javascript:alert('link')) ![b](http://evil.example/x.png) <http://evil.example>"
    "{{ 1 + 1 }} {% csrf_token %} ${1+1} `<b onclick=alert(1)>`"
    " $\\href{javascript:alert('tex')}{x}$"
    "\u202egnp.exe\u2066 \u200b \u2028"
)
LONG_ID = "x" * 128
ARABIC = "كم يساوي ٣ زائد ٤؟ الجواب هو ٧."
CHINESE = "如果小明有三个苹果，又买了四个，他一共有多少个苹果？"
EMOJI = "👩🏽‍🚀 has 🍎🍎🍎 and gets 🍎🍎"


def hostile() -> dict[str, Any]:
    """Give the fields of a trace; the longest that each may be is cut by the site's own limits."""
    return {
        "prompt": ATTACK * 3,
        "final_answer": ATTACK,
        "steps": [
            {"i": 0, "type": SCRIPT[:64], "content": ATTACK},
            {
                "i": 2**31 - 1,
                "type": "\"onfocus='alert(1)'",
                "content": "```" + ATTACK + "\n```\n$$" + ATTACK,
            },
        ],
        "meta": {
            "source": ATTACK[:128],
            "model": ATTACK,
            "reference_answer": ATTACK,
            ATTACK: {ATTACK: [ATTACK]},
            "__proto__": {"x": 1},
        },
        "external_id": ATTACK[:200],
        "tags": [ATTACK[:64], "</script>"],
        "original": {"question": ATTACK},
    }


def wide() -> dict[str, Any]:
    """Give the fields of a trace with the longest words that there may be."""
    return {
        "prompt": f"{ARABIC}\n\n{CHINESE}\n\n{EMOJI}\n\n{'w' * 400} "
        + "$$"
        + "x+" * 200
        + "1$$\n\n| "
        + " | ".join("column" for _ in range(12))
        + " |\n|"
        + "-|" * 12
        + "\n|"
        + "cell|" * 12,
        "final_answer": "9" * 300,
        "steps": [
            {"i": 7, "type": "t" * 64, "content": ARABIC + "\n```\n" + "c" * 300 + "\n```"},
            {"i": 9, "type": "reasoning", "content": "9 x 7 = 56, so " + "9" * 200},
        ],
        "meta": {
            "source": LONG_ID,
            "model": LONG_ID,
            "reference_answer": "8" * 300,
            LONG_ID: LONG_ID,
        },
        "external_id": LONG_ID,
        "tags": ["g" * 64] * 3,
    }


# Filters as JSON that Python's parser takes: what they say is no JSON, or no column may hold it.
UNSTORABLE = {
    "lone surrogate": r'{"q": "\ud800"}',
    "NUL": r'{"q": "\u0000"}',
    "lone surrogate in a name": r'{"\ud800": 1}',
    "infinite": '{"criteria": "a", "min_score": 1e400}',
    "NaN": '{"criteria": "a", "max_score": NaN}',
    "huge": f'{{"criteria": "a", "min_score": {"9" * 400}}}',
    "infinite integer": '{"min_steps": -Infinity}',
    "infinite in meta": '{"meta.x": Infinity}',
    "huge in meta": f'{{"meta.x": {"9" * 30}}}',
    "lone surrogate in meta": r'{"meta.x": "\ud800"}',
    "twice": '{"source": "a", "source": "b"}',
    "NaN alone": "NaN",
    "deep": "[" * 100_000,
}
