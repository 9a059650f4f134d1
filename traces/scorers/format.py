"""Whether a trace is whole: its marks closed, not cut off, without loops of repeated text."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from traces.scorers.scorer import Content, Scored, Scorer

NGRAM = 8  # tokens in a row by which a repetition is known
MIN_REPEATED_TOKENS = 64
MIN_REPETITIONS = 4

_TAGS = re.compile(
    r"<(/?)(think|thinking|thought|reasoning|scratchpad|answer|final_answer|solution)>",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^ {0,3}```", re.MULTILINE)
_BRACES = re.compile(r"(?P<box>\\(?:boxed|fbox)\s*\{)|\\.|[{}]", re.DOTALL)
_BROKEN_OFF = re.compile(r"(?:[=+*/,(\[{<\\]|\s[-\u2212])\s*\Z")
# A word in pieces of at most 16, a sign with those like it behind it (a rule is one token).
_TOKENS = re.compile(r"\w{1,16}|([^\w\s])\1{0,99}")


def score(content: Content) -> Scored:
    """Score the share of three checks that hold; `problems` says what is wrong."""
    texts = [*(step["content"] for step in content.steps), content.final_answer]
    problems = {
        "marks_closed": list(_open_marks(texts)),
        "complete": list(_cut_off(content)),
        "no_loops": list(_loops(texts)),
    }
    checks = {name: not found for name, found in problems.items()}
    return Scored(
        value=sum(checks.values()) / len(checks),
        details={**checks, "problems": [one for found in problems.values() for one in found]},
    )


def _open_marks(texts: Sequence[str]) -> Iterator[str]:
    """Name the marks that open and do not close, or the other way round, in all texts together."""
    opened: Counter[str] = Counter()
    fences = 0
    for text in texts:
        if "<" in text:
            for closes, name in _TAGS.findall(text):
                opened[name.lower()] += -1 if closes else 1
        if "```" in text:
            fences += len(_FENCE.findall(text))
    yield from (f"<{name}> is not closed" for name, count in opened.items() if count > 0)
    yield from (f"</{name}> is not opened" for name, count in opened.items() if count < 0)
    if fences % 2:
        yield "a block of code is not closed"
    if any(_has_open_box(text) for text in texts if "box" in text):
        yield "a box is not closed"


def _has_open_box(text: str) -> bool:
    opened: list[bool] = []  # by open brace, whether it is a box's
    for found in _BRACES.finditer(text):
        if found["box"] or found[0] == "{":
            opened.append(bool(found["box"]))
        elif found[0] == "}" and opened:
            opened.pop()
    return any(opened)


def _cut_off(content: Content) -> Iterator[str]:
    if content.meta.get("truncated"):
        yield "it was cut off"
    if not content.final_answer.strip():
        yield "there is no final answer"
    elif _BROKEN_OFF.search(content.final_answer, max(0, len(content.final_answer) - 50)):
        yield "the final answer breaks off"
    last = content.steps[-1]["content"]
    if _BROKEN_OFF.search(last, max(0, len(last) - 50)):
        yield "the last step breaks off"


def _loops(texts: Iterable[str]) -> Iterator[str]:
    """Name what is repeated again and again in a text.

    Tokens that come at a constant distance from the same ones before them repeat what is between:
    a run of them is a loop. It takes time linear in the text, whatever the text is.
    """
    for text in texts:
        tokens = [found[0] for found in _TOKENS.finditer(text)]
        before: dict[tuple[str, ...], int] = {}
        period = run = 0
        for position, ngram in enumerate(zip(*(tokens[k:] for k in range(NGRAM)), strict=False)):
            distance = position - before.get(ngram, position)
            before[ngram] = position
            run = run + 1 if distance and distance == period else 1
            period = distance
            if period and run >= max(MIN_REPEATED_TOKENS, (MIN_REPETITIONS - 1) * period):
                yield f"{period} tokens are repeated {run // period + 1} times and more"
                break


FORMAT = Scorer(criteria="format", version="tunix-1", score=score)
